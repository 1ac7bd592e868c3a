//! Calls that telephones hand on: what takes two lines of one telephone, or a telephone that does
//! what it should not.

use std::time::Duration;

use anyhow::ensure;
use e2e::handset::{Handset, Line};
use e2e::host::Block;
use e2e::scenario::Stage;

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "cold_transfer_returns_by_phone",
    "add_outside_by_order",
    "warm_transfer_by_phone",
    "warm_abandoned_by_phone",
    "semi_attended_by_phone",
    "semi_attended_by_order",
    "transfer_of_outbound_call",
    "transfer_of_outbound_call_warm",
    "transfer_and_back",
    "transfer_target_busy",
    "transfer_target_declines",
    "transfer_target_unreachable",
    "transfer_unanswered_voicemail",
    "transfer_unanswered_end",
    "transfer_to_ivr",
    "teams_early_bye",
    "jssip_early_bye",
    "notify_unanswered",
    "refer_from_trunk",
    "refer_to_two",
    "refer_of_a_stranger",
    "refer_while_referring",
    "refer_without_subscription",
    "identity",
];

pub(crate) const ANA: &str = "+15550100001";
pub(crate) const CARL: &str = "+15557770001";
pub(crate) const DORA: &str = "+15557770002";

/// Somebody behind the trunk, who calls.
pub(crate) fn carl(block: Block) -> anyhow::Result<Handset> {
    Handset::outside(block, block.caller(), CARL)
}

/// Whom the trunk reaches.
pub(crate) fn dora(block: Block) -> anyhow::Result<Handset> {
    Handset::outside(block, block.far_end(), DORA)
}

/// The telephones of users, one beside the other.
pub(crate) fn phones<const N: usize>(
    block: Block,
    users: [&str; N],
) -> anyhow::Result<[Handset; N]> {
    let mut phones = Vec::new();
    for (index, user) in (0..).zip(users) {
        phones.push(Handset::registered(block, index, user)?);
    }
    phones.try_into().map_err(|_| anyhow::anyhow!("as many as users"))
}

/// One calls, the other one answers: both their lines.
pub(crate) fn talk(from: &Handset, to: &Handset, dialled: &str) -> anyhow::Result<(Line, Line)> {
    let mut line = from.dials(dialled, &[])?;
    let other = to.takes()?;
    from.is_answered(&mut line)?;
    Ok((line, other))
}

/// So long two people talk.
pub(crate) fn while_they_talk() {
    std::thread::park_timeout(Duration::from_millis(150));
}

#[tokio::test]
async fn cold_transfer_returns_by_phone() -> anyhow::Result<()> {
    let block = Block(145);
    let stage = Stage::set("cold_transfer_returns_by_phone", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    ana.hangs_up(&mut anas)?;
    let bens = ben.rung()?;
    ben.is_cancelled(&bens)?;
    let again = ana.takes()?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn add_outside_by_order() -> anyhow::Result<()> {
    let block = Block(146);
    let stage = Stage::set("add_outside_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    // Both are reached by the trunk.
    let outside = dora(block)?;
    let (mut anas, mut carls) = talk(&ana, &outside, CARL)?;
    stage.until("SELECT 1 FROM call WHERE state = 'in_progress'").await?;
    stage.order("add", r#"{"user": "u-ana", "to": {"number": "+15557770002"}}"#, 200).await?;
    let doras = outside.takes()?;
    ana.is_with(&anas, "Conference")?;
    while_they_talk();
    outside.hangs_up(&mut carls)?;
    while_they_talk();
    ana.hangs_up(&mut anas)?;
    outside.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn warm_transfer_by_phone() -> anyhow::Result<()> {
    let block = Block(147);
    let stage = Stage::set("warm_transfer_by_phone", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ana.holds(&mut anas)?;
    let (second, mut bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    let told = ana.is_told(&anas)?;
    ensure!(told.first() == Some(&100) && told.last() == Some(&200), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    ana.is_hung_up_on(&second)?;
    ben.is_with(&bens, CARL)?;
    while_they_talk();
    ben.hangs_up(&mut bens)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn warm_abandoned_by_phone() -> anyhow::Result<()> {
    let block = Block(148);
    let stage = Stage::set("warm_abandoned_by_phone", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let (mut second, bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    ana.hangs_up(&mut second)?;
    ben.is_hung_up_on(&bens)?;
    ana.resumes(&mut anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn semi_attended_by_phone() -> anyhow::Result<()> {
    let block = Block(149);
    let stage = Stage::set("semi_attended_by_phone", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let mut second = ana.dials("ben", &[])?;
    let bens = ben.rung()?;
    ana.hears_ringing(&mut second)?;
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    while_they_talk();
    ben.answers(&bens)?;
    let told = ana.is_told(&anas)?;
    ensure!(told.last() == Some(&200), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    // Her second line is over without having been answered.
    let status = ana.is_refused(&second)?;
    ensure!(status >= 400, "{status}");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn semi_attended_by_order() -> anyhow::Result<()> {
    let block = Block(150);
    let stage = Stage::set("semi_attended_by_order", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until("SELECT 1 FROM call WHERE state = 'in_progress'").await?;
    stage.order("consult", r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#, 200).await?;
    let bens = ben.rung()?;
    while_they_talk();
    stage.order("complete", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    ben.answers(&bens)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_of_outbound_call() -> anyhow::Result<()> {
    let block = Block(151);
    let stage = Stage::set("transfer_of_outbound_call", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let dora = dora(block)?;
    let (mut anas, mut doras) = talk(&ana, &dora, DORA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.takes()?;
    let told = ana.is_told(&anas)?;
    ensure!(told.last() == Some(&200), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    dora.hangs_up(&mut doras)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_of_outbound_call_warm() -> anyhow::Result<()> {
    let block = Block(152);
    let stage = Stage::set("transfer_of_outbound_call_warm", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let dora = dora(block)?;
    let (mut anas, doras) = talk(&ana, &dora, DORA)?;
    ana.holds(&mut anas)?;
    let (second, mut bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    ana.is_hung_up_on(&second)?;
    ana.is_hung_up_on(&anas)?;
    ben.is_with(&bens, DORA)?;
    while_they_talk();
    ben.hangs_up(&mut bens)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_and_back() -> anyhow::Result<()> {
    let block = Block(153);
    let stage = Stage::set("transfer_and_back", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let mut bens = ben.takes()?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    ensure!(ben.refers(&mut bens, "<sip:ana@tandem.test>")? == 202);
    let again = ana.takes()?;
    ben.is_hung_up_on(&bens)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&again)?;
    stage.finish().await
}

/// ana transfers to ben, who does not take it, and stays on the line until she is told.
async fn back_at_once(name: &str, block: Block, told: u16, refusal: &str) -> anyhow::Result<()> {
    let stage = Stage::set(name, block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    let ben = match refusal {
        "" => None,
        _ => Some(Handset::registered(block, 1, "ben")?),
    };
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    if let Some(ben) = ben {
        let bens = ben.rung()?;
        while_they_talk();
        ben.replies(&bens, refusal)?;
    }
    let last = ana.is_told(&anas)?.pop();
    ensure!(last == Some(told), "{last:?}");
    while_they_talk();
    ensure!(!ana.has_heard("BYE"), "she has the caller back, and is hung up on");
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_target_busy() -> anyhow::Result<()> {
    back_at_once("transfer_target_busy", Block(154), 486, "486 Busy Here").await
}

#[tokio::test]
async fn transfer_target_unreachable() -> anyhow::Result<()> {
    back_at_once("transfer_target_unreachable", Block(155), 480, "").await
}

#[tokio::test]
async fn transfer_target_declines() -> anyhow::Result<()> {
    let block = Block(156);
    let stage = Stage::set("transfer_target_declines", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    ana.hangs_up(&mut anas)?;
    ben.replies(&bens, "603 Decline")?;
    let again = ana.takes()?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_unanswered_voicemail() -> anyhow::Result<()> {
    let block = Block(157);
    let stage = Stage::set("transfer_unanswered_voicemail", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    ben.is_cancelled(&bens)?;
    let told = ana.is_told(&anas)?;
    ensure!(told.last().is_some_and(|status| *status >= 400), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'transfer_unanswered'").await?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_unanswered_end() -> anyhow::Result<()> {
    let block = Block(158);
    let stage = Stage::set("transfer_unanswered_end", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    ben.is_cancelled(&bens)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_to_ivr() -> anyhow::Result<()> {
    let block = Block(159);
    let stage = Stage::set("transfer_to_ivr", block)?;
    let [ana, dan] = phones(block, ["ana", "dan"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:+15550200002@tandem.test>")? == 202);
    let told = ana.is_told(&anas)?;
    ensure!(told.last() == Some(&200), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'ivr_entered'").await?;
    let status = carl.presses(&mut carls, '2')?;
    ensure!(status == 200, "{status}");
    let dans = dan.takes()?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dan.is_hung_up_on(&dans)?;
    stage.finish().await
}

#[tokio::test]
async fn teams_early_bye() -> anyhow::Result<()> {
    let block = Block(160);
    let stage = Stage::set("teams_early_bye", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    std::thread::park_timeout(Duration::from_millis(280));
    ana.hangs_up(&mut anas)?;
    std::thread::park_timeout(Duration::from_millis(700));
    ben.answers(&bens)?;
    while_they_talk();
    ensure!(!carl.has_heard("BYE"), "the party that the transfer is for is hung up on");
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn jssip_early_bye() -> anyhow::Result<()> {
    let block = Block(161);
    let stage = Stage::set("jssip_early_bye", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    // The dialog that the NOTIFYs belong to is over before ben's telephone rings.
    ana.hangs_up(&mut anas)?;
    let bens = ben.rung()?;
    ana.forgets();
    ben.answers(&bens)?;
    while_they_talk();
    ensure!(!ana.has_heard("NOTIFY"), "a NOTIFY in a dialog that is over");
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn notify_unanswered() -> anyhow::Result<()> {
    let block = Block(162);
    let stage = Stage::set("notify_unanswered", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.is_deaf_to("NOTIFY");
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.takes()?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    // Her telephone hangs up at last; the server would, half a minute later.
    ana.hangs_up(&mut anas)?;
    stage.finish().await
}

#[tokio::test]
async fn refer_from_trunk() -> anyhow::Result<()> {
    let block = Block(163);
    let stage = Stage::set("refer_from_trunk", block)?;
    let [ana, _ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    let status = carl.refers(&mut carls, "<sip:ben@tandem.test>")?;
    ensure!(status == 403, "{status}");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn refer_to_two() -> anyhow::Result<()> {
    let block = Block(164);
    let stage = Stage::set("refer_to_two", block)?;
    let [ana, _ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    let both = ["Refer-To: <sip:ben@tandem.test>", "Refer-To: <sip:dan@tandem.test>"];
    let answer = ana.asks(&mut anas, "REFER", &both, "")?;
    ensure!(answer.status() == Some(400), "{}", answer.text());
    let answer = ana.asks(&mut anas, "REFER", &[], "")?;
    ensure!(answer.status() == Some(400), "{}", answer.text());
    let status = ana.refers(&mut anas, "<sip:nobody@tandem.test>")?;
    ensure!(status == 404, "{status}");
    let answer = ana.asks(&mut anas, "REFER", &["Refer-To: <mailto:ben@tandem.test>"], "")?;
    ensure!(answer.status().is_some_and(|status| status >= 400), "{}", answer.text());
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn refer_of_a_stranger() -> anyhow::Result<()> {
    let block = Block(165);
    let stage = Stage::set("refer_of_a_stranger", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    let (mut bens, dans) = talk(&ben, &dan, "dan")?;
    // ben's dialog with the server is not hers to replace.
    let status = ana.refers(&mut anas, &bens.refer_to("dan"))?;
    ensure!(status == 403 || status == 481, "{status}");
    let made_up = "<sip:dan@tandem.test?Replaces=nobody%40there%3Bto-tag%3Da%3Bfrom-tag%3Db>";
    let status = ana.refers(&mut anas, made_up)?;
    // 481 would say that her own dialog is gone.
    ensure!(status == 404, "{status}");
    // Nor by an INVITE.
    let replaces = format!("Replaces: {}", bens.replaces());
    let status = ana.is_turned_away("dan", &[&replaces])?;
    ensure!(status == 403 || status == 481, "{status}");
    while_they_talk();
    ben.hangs_up(&mut bens)?;
    dan.is_hung_up_on(&dans)?;
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn refer_while_referring() -> anyhow::Result<()> {
    let block = Block(166);
    let stage = Stage::set("refer_while_referring", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    // She has left: there is nothing that she could transfer.
    let status = ana.refers(&mut anas, "<sip:dan@tandem.test>")?;
    ensure!(status >= 400, "{status}");
    ben.answers(&bens)?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn refer_without_subscription() -> anyhow::Result<()> {
    let block = Block(167);
    let stage = Stage::set("refer_without_subscription", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    let headers = ["Refer-To: <sip:ben@tandem.test>", "Refer-Sub: false", "Supported: norefersub"];
    let answer = ana.asks(&mut anas, "REFER", &headers, "")?;
    ensure!(answer.status().is_some_and(|status| status / 100 == 2), "{}", answer.text());
    let bens = ben.takes()?;
    ana.is_hung_up_on(&anas)?;
    ensure!(!ana.has_heard("NOTIFY"), "a NOTIFY that was not wanted");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn identity() -> anyhow::Result<()> {
    let block = Block(168);
    let stage = Stage::set("identity", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    // ben's telephone knows no UPDATE.
    ben.is_plain();
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until("SELECT 1 FROM call WHERE state = 'in_progress'").await?;
    stage.order("consult", r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#, 200).await?;
    let bens = ben.takes()?;
    let told = ana.is_with(&anas, "Ben Baker")?;
    ensure!(told.method() == "UPDATE", "{}", told.text());
    stage.order("merge", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_with(&anas, "Conference")?;
    let told = ben.is_with(&bens, "Conference")?;
    ensure!(told.method() == "INVITE", "{}", told.text());
    stage.order("transfer", r#"{"user": "u-ana", "to": {"user": "u-dan"}}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    ben.is_with(&bens, CARL)?;
    let mut dans = dan.takes()?;
    ben.is_with(&bens, "Conference")?;
    dan.hangs_up(&mut dans)?;
    let told = ben.is_with(&bens, CARL)?;
    ensure!(told.text().contains("Carl Contact"), "{}", told.text());
    ensure!(!carl.has_heard("INVITE") && !carl.has_heard("UPDATE"), "the trunk is told nothing");
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}
