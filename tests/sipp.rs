//! SIPp against the real binary: one test for each folder of `sip-scenarios/` (dashes are
//! underscores), each with a block of loopback addresses to itself. Run by `cargo xtask sipp`.

#[path = "sipp/directed.rs"]
mod directed;
#[path = "sipp/handing_on.rs"]
mod handing_on;
#[path = "sipp/joining.rs"]
mod joining;
#[path = "sipp/odd_targets.rs"]
mod odd_targets;
#[path = "sipp/odd_ways.rs"]
mod odd_ways;
#[path = "sipp/ordered.rs"]
mod ordered;
#[path = "sipp/others_got_wrong.rs"]
mod others_got_wrong;
#[path = "sipp/searching.rs"]
mod searching;
#[path = "sipp/torture.rs"]
mod torture;
#[path = "sipp/who_hears_whom.rs"]
mod who_hears_whom;

use std::collections::BTreeSet;
use std::path::Path;

use e2e::host::Block;

/// Scenarios that `scenario.toml` tells in full.
macro_rules! scenarios {
    ($($block:literal $name:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() -> anyhow::Result<()> {
                e2e::scenario::run(stringify!($name), Block($block)).await
            }
        )*

        const TOLD: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios! {
    1 direct_answered,
    2 direct_caller_gives_up,
    3 direct_no_answer,
    4 direct_busy,
    5 direct_declined,
    6 direct_unregistered,
    7 two_devices,
    8 simulring,
    9 round_robin_third_answers,
    10 group_caller_hangs_up,
    11 next_ivr,
    12 outbound_answered,
    13 outbound_group_caller_id,
    14 outbound_foreign_caller_id,
    15 outbound_busy,
    16 outbound_fails,
    17 outbound_gives_up,
    18 internal,
    19 internal_by_number,
    20 hold_by_caller,
    21 hold_by_agent,
    22 register_good,
    23 register_bad_password,
    24 stranger,
    25 asterisk_176_crossing,
    26 mikopbx_1043,
    28 rustpbx_217,
    29 drop_one_200,
    30 no_ack,
    31 cancel_crosses_200,
    32 bye_crosses_bye,
    34 unknown_dialog,
    36 long_message,
    37 over_long_message,
    38 withheld_caller,
    39 private_caller,
    40 asserted_identity,
    41 national_numbers,
    42 unknown_codec,
    43 no_sdp,
    44 tcp_caller,
    45 early_media,
    46 max_forwards,
    47 unknown_extension,
    48 agent_fails,
    49 group_unregistered,
    50 group_not_accepted,
    51 call_limit,
    52 port_pool,
    53 trunk_failover,
    54 member_on_a_call,
    55 what_the_agent_sees,
    56 what_the_trunk_sees,
    57 trunk_challenges,
    58 answer_without_codec,
    59 media_timeout,
    60 media_timeout_hold,
    61 info_dtmf,
    62 publish_vq_rtcpxr,
    63 reinvite_changes_codec,
    64 transcoded,
    65 comfort_noise,
    66 greeting_caller_hangs_up,
    67 record_on_info,
    68 menu_option,
    69 menu_caller_hangs_up,
    70 menu_invalid_then_timeout_then_default,
    71 time_routing_open,
    72 time_routing_holiday,
    73 play_and_hangup,
    74 play_directory_one_match,
    75 record_owner_answers,
    76 record_owner_unknown_next_ivr,
    77 last_agent,
    78 transfer_to_fixed_number,
    79 voicemail_left,
    80 voicemail_listened_by_code,
    81 queue_agent_comes_back,
    82 queue_caller_hangs_up_while_agent_rings,
    83 queue_overflow,
    84 queue_timeout_next_ivr,
    85 queue_leave_by_digit,
    86 queue_priority,
    87 wrap_up,
    90 lamp,
    91 away_by_code,
    92 paused_after_missed,
    93 acd_receiver,
    94 personal_route_forward,
    95 personal_route_voicemail,
    96 frozen_phone,
    97 missed_call_owner_group,
    98 reply_call,
    99 mailbox_lamp,
    100 freeswitch_2540,
    101 freeswitch_2530,
    102 freeswitch_2901,
    103 fusionpbx_5778,
    104 opensips_3123,
    105 mikopbx_1043_queue,
    106 queue_callback,
    107 queue_second_group,
    108 queue_nobody_there,
    109 ivr_by_code,
    110 introductory_message,
    111 round_robin_goes_on,
    112 personal_route_devices,
    113 skills_relax,
    114 progressive_simulring,
    130 cold_transfer_by_phone,
    131 cold_transfer_by_order,
    132 cold_transfer_to_group_by_phone,
    133 cold_transfer_to_group_by_order,
    134 cold_transfer_outside_by_phone,
    135 cold_transfer_outside_by_order,
    136 cold_transfer_caller_gone_by_phone,
    137 cold_transfer_caller_gone_by_order,
    138 cold_transfer_returns_by_order,
    139 warm_transfer_by_order,
    140 warm_abandoned_by_order,
    141 add_user_by_order,
}

#[test]
fn every_folder_is_a_test_and_every_test_a_folder() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip-scenarios");
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
        if name == "parts" || !path.is_dir() {
            continue;
        }
        assert!(path.join("about.md").exists(), "{name} does not say what it is about");
        folders.insert(name);
    }
    let tests: BTreeSet<String> = TOLD
        .iter()
        .chain(directed::NAMES)
        .chain(searching::NAMES)
        .chain(handing_on::NAMES)
        .chain(joining::NAMES)
        .chain(odd_targets::NAMES)
        .chain(odd_ways::NAMES)
        .chain(ordered::NAMES)
        .chain(others_got_wrong::NAMES)
        .chain(who_hears_whom::NAMES)
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(folders, tests);
    Ok(())
}
