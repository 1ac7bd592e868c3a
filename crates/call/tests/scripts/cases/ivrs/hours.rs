//! Time routing (F5): which IVR the clock chooses, by which clock, and what becomes of a caller
//! whose schedule says nothing. The world begins on Monday, 5 January 2026, 10:00 UTC.

use insta::assert_snapshot;

use crate::directory::directory;
use crate::script::explained_in;
use crate::world::World;

const HOURS: &str = r#"{
    "ivrs": [
      {"id": "ivr-open", "action": "time_routing", "next_ivr_id": "ivr-next",
        "schedule": {"timezone": "Europe/Berlin",
          "rules": [
            {"name": "day", "days": ["mon", "tue"], "start": "09:00", "end": "11:01",
              "ivr_id": "ivr-eve"},
            {"name": "lunch", "days": ["mon"], "start": "11:01", "end": "12:00",
              "ivr_id": "ivr-missing"}],
          "default_ivr_id": "ivr-closed"}},
      {"id": "ivr-feast", "action": "time_routing", "greeting_prompt": "One moment.",
        "schedule": {"holidays": [{"name": "Twelfth Night", "date": "01-05",
            "ivr_id": "ivr-closed"}],
          "rules": [{"name": "day", "days": ["mon"], "start": "00:00", "end": "24:00",
            "ivr_id": "ivr-eve"}]}},
      {"id": "ivr-odd", "action": "time_routing", "next_ivr_id": "ivr-next",
        "schedule": {"timezone": "Atlantis/Capital", "default_ivr_id": "ivr-closed"}},
      {"id": "ivr-home", "action": "time_routing", "schedule": {
          "rules": [{"name": "evening", "days": ["mon"], "start": "19:00", "end": "20:00",
            "ivr_id": "ivr-eve"}]}},
      {"id": "ivr-empty", "action": "time_routing"},
      {"id": "ivr-round", "action": "time_routing", "schedule": {
          "default_ivr_id": "ivr-round"}},
      {"id": "ivr-slow", "action": "menu", "menu": {"timeout_ms": 61000, "max_tries": 1},
        "next_ivr_id": "ivr-open"},
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user",
        "target_user_id": "u-eve"},
      {"id": "ivr-closed", "action": "play_and_hangup", "greeting_prompt": "We are closed."},
      {"id": "ivr-next", "action": "play_and_hangup", "greeting_prompt": "Try later."}],
    "numbers": [
      {"id": "n-1", "e164": "+15550300001", "assigned_group_id": "g-supp", "ivr_id": "ivr-open"},
      {"id": "n-2", "e164": "+15550300002", "assigned_group_id": "g-supp", "ivr_id": "ivr-feast"},
      {"id": "n-3", "e164": "+15550300003", "assigned_group_id": "g-supp", "ivr_id": "ivr-odd"},
      {"id": "n-4", "e164": "+15550300004", "assigned_group_id": "g-supp", "ivr_id": "ivr-home"},
      {"id": "n-5", "e164": "+15550300005", "assigned_group_id": "g-supp", "ivr_id": "ivr-empty"},
      {"id": "n-6", "e164": "+15550300006", "assigned_group_id": "g-supp", "ivr_id": "ivr-round"},
      {"id": "n-7", "e164": "+15550300007", "assigned_group_id": "g-supp", "ivr_id": "ivr-slow"}]
}"#;

fn world() -> World {
    World::new(directory(HOURS))
}

#[test]
fn the_rule_that_holds_leads_and_the_caller_hears_that_it_rings() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300001
        2 eve answers
        9 caller hangs up
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    2      u-eve is taken
    2      answer caller like eve
    2      bridge caller eve
    9      hang up eve Normal
    9      finished
    --
    call inbound answered by external, owner u-eve, mco -
       accepted 2, answered 2, ended 9, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-open
    i3 0 schedule_matched ivr-open next=ivr-eve rule=day
    i4 0 ivr_exited ivr-open next=ivr-eve reason=next_ivr
    i5 0 ivr_entered ivr-eve
    i6 0 routing_started c1 ivr-eve strategy=single target=u-eve
    i7 2 answered c1 u-eve
    i8 2 ivr_exited ivr-eve reason=answered
    i9 9 call_ended by=external
    0 number +15550300001: enters ivr-open
    0 ivr ivr-open version 1: entered: time_routing
    0 schedule ivr-open: day, Mon 09:00–11:01, holds: it is Mon 5 Jan 2026 11:00 in Europe/Berlin
    0 ivr ivr-eve version 1: entered: call_transfer
    0 member u-eve: rung
    "#);
}

#[test]
fn a_holiday_beats_the_rules_after_the_greeting() {
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300002
        2 caller heard
        5 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("One moment.")]
    2      play caller [Text("We are closed.")]
    5      hang up caller Normal
    5      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 5, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-feast
    i3 2 schedule_matched ivr-feast next=ivr-closed rule=Twelfth Night
    i4 2 ivr_exited ivr-feast next=ivr-closed reason=next_ivr
    i5 2 ivr_entered ivr-closed
    i6 5 ivr_exited ivr-closed reason=system_hangup
    i7 5 call_ended by=system
    0 number +15550300002: enters ivr-feast
    0 ivr ivr-feast version 1: entered: time_routing
    2 schedule ivr-feast: Twelfth Night, 01-05 every year, holds and beats day: it is Mon 5 Jan 2026 10:00 in UTC
    2 ivr ivr-closed version 1: entered: play_and_hangup
    "#);
}

#[test]
fn time_goes_on_in_the_call_and_a_way_that_is_not_there_leads_to_the_next_one() {
    // At 10:01 UTC, as the call counts, it is 11:01 in Berlin.
    assert_snapshot!(explained_in(world(), "registered eve
        0 call +15557770001 -> +15550300007
        62 caller hangs up
    "), @r#"
    0      answer caller
    61     play caller [Text("Try later.")]
    62     finished
    --
    call inbound missed by external, owner -, mco -
       accepted 0, answered -, ended 62, sip -, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-slow
    i3 61 menu_timeout ivr-slow
    i4 61 ivr_exited ivr-slow next=ivr-open reason=next_ivr
    i5 61 ivr_entered ivr-open
    i6 61 schedule_matched ivr-open next=ivr-next rule=lunch
    i7 61 ivr_exited ivr-open next=ivr-next reason=next_ivr
    i8 61 ivr_entered ivr-next
    i9 62 ivr_exited ivr-next reason=caller_hangup
    i10 62 call_ended by=external
    0 number +15550300007: enters ivr-slow
    0 ivr ivr-slow version 1: entered: menu
    61 menu ivr-slow: nothing was pressed in time
    61 menu ivr-slow: given up after try 1
    61 ivr ivr-open version 1: entered: time_routing
    61 schedule ivr-open: lunch, Mon 11:01–12:00, holds: it is Mon 5 Jan 2026 11:01 in Europe/Berlin
    61 ivr ivr-missing: passed over: there is no such IVR
    61 ivr ivr-next version 1: entered: play_and_hangup
    "#);
}

#[test]
fn a_schedule_that_cannot_be_read_leads_to_its_default() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300003
        2 caller heard
    "), @r#"
    0      answer caller
    0      play caller [Text("We are closed.")]
    2      hang up caller Normal
    2      finished
    --
    call inbound missed by system, owner -, mco -
       accepted 0, answered -, ended 2, sip -, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-odd
    i3 0 schedule_matched ivr-odd next=ivr-closed rule=default
    i4 0 ivr_exited ivr-odd next=ivr-closed reason=next_ivr
    i5 0 ivr_entered ivr-closed
    i6 2 ivr_exited ivr-closed reason=system_hangup
    i7 2 call_ended by=system
    0 number +15550300003: enters ivr-odd
    0 ivr ivr-odd version 1: entered: time_routing
    0 schedule ivr-odd: its schedule cannot be read, so its default holds: `Atlantis/Capital` is no time zone of the IANA database
    0 ivr ivr-closed version 1: entered: play_and_hangup
    "#);
}

#[test]
fn a_schedule_without_a_zone_follows_the_organisations_clock() {
    let mut world = world();
    world.settings.ivr.timezone = Some("Asia/Tokyo".into());
    assert_snapshot!(explained_in(world, "registered eve
        0 call +15557770001 -> +15550300004
        2 caller cancels
    "), @r#"
    0      dial eve, showing +15557770001 "Carl Contact"
    2      cancel eve CallerGone
    2      finished
    --
    call inbound missed by external, owner -, mco -
       accepted -, answered -, ended 2, sip 487, q850 16
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-home
    i3 0 schedule_matched ivr-home next=ivr-eve rule=evening
    i4 0 ivr_exited ivr-home next=ivr-eve reason=next_ivr
    i5 0 ivr_entered ivr-eve
    i6 0 routing_started c1 ivr-eve strategy=single target=u-eve
    i7 2 no_answer c1 reason=caller_hangup
    i8 2 ivr_exited ivr-eve reason=caller_hangup
    i9 2 call_ended by=external
    0 number +15550300004: enters ivr-home
    0 ivr ivr-home version 1: entered: time_routing
    0 schedule ivr-home: evening, Mon 19:00–20:00, holds: it is Mon 5 Jan 2026 19:00 in Asia/Tokyo
    0 ivr ivr-eve version 1: entered: call_transfer
    0 member u-eve: rung
    "#);
}

#[test]
fn nothing_holds_and_there_is_no_default_and_no_next_one() {
    assert_snapshot!(explained_in(world(), "
        0 call +15557770001 -> +15550300004
        1 B: call +15557770001 -> +15550300005
    "), @r"
    0      reject caller 480
    0      finished
    1      B: reject caller 480
    1      B: finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-home
    i3 0 schedule_matched ivr-home rule=default
    i4 0 ivr_exited ivr-home reason=system_hangup
    i5 0 call_ended by=system
    0 number +15550300004: enters ivr-home
    0 ivr ivr-home version 1: entered: time_routing
    0 schedule ivr-home: no rule and no holiday holds: it is Mon 5 Jan 2026 10:00 in UTC
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-empty
    i3 0 ivr_exited ivr-empty reason=system_hangup
    i4 0 call_ended by=system
    0 number +15550300005: enters ivr-empty
    0 ivr ivr-empty version 1: entered: time_routing
    0 schedule ivr-empty: passed over: it has no schedule
    ");
}

#[test]
fn a_schedule_that_leads_to_itself_ends_at_the_limit_in_no_time() {
    let mut world = world();
    world.settings.limits.ivr_hops = 3;
    assert_snapshot!(explained_in(world, "0 call +15557770001 -> +15550300006"), @r"
    0      reject caller 480
    0      finished
    --
    call inbound missed by system, owner -, mco -
       accepted -, answered -, ended 0, sip 480, q850 20
    i1 0 call_started direction=inbound
    i2 0 ivr_entered ivr-round
    i3 0 schedule_matched ivr-round next=ivr-round rule=default
    i4 0 ivr_exited ivr-round next=ivr-round reason=next_ivr
    i5 0 ivr_entered ivr-round
    i6 0 schedule_matched ivr-round next=ivr-round rule=default
    i7 0 ivr_exited ivr-round next=ivr-round reason=next_ivr
    i8 0 ivr_entered ivr-round
    i9 0 schedule_matched ivr-round next=ivr-round rule=default
    i10 0 ivr_exited ivr-round reason=system_hangup
    i11 0 call_ended by=system
    0 number +15550300006: enters ivr-round
    0 ivr ivr-round version 1: entered: time_routing
    0 schedule ivr-round: no rule and no holiday holds: it is Mon 5 Jan 2026 10:00 in UTC
    0 ivr ivr-round version 1: entered: time_routing
    0 schedule ivr-round: no rule and no holiday holds: it is Mon 5 Jan 2026 10:00 in UTC
    0 ivr ivr-round version 1: entered: time_routing
    0 schedule ivr-round: no rule and no holiday holds: it is Mon 5 Jan 2026 10:00 in UTC
    0 limit ivr_hops: reached: 3 IVRs were entered, and no more are
    ");
}
