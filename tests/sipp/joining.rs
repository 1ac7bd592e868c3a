//! Calls that somebody else comes into: pickup, park, conference, another device, a supervisor. By
//! code, by INVITE with Replaces and by the API.

use anyhow::{Context as _, ensure};
use e2e::handset::Handset;
use e2e::host::Block;
use e2e::scenario::Stage;

use crate::handing_on::{ANA, CARL, DORA, carl, dora, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "pickup_by_code",
    "pickup_group_by_code",
    "pickup_by_replaces",
    "pickup_by_a_stranger",
    "park_and_retrieve",
    "park_comes_back",
    "park_by_order",
    "park_caller_hangs_up",
    "conference_by_code",
    "conference_of_a_group_call",
    "conference_by_order",
    "move_by_replaces",
    "move_by_code",
    "move_by_order",
    "supervised",
    "replaces_refused",
];

const BEN: &str = "+15550100002";
const RINGS: &str = "SELECT id FROM connection_attempt WHERE ringing_at IS NOT NULL";
const TWO_HOLD: &str = "SELECT 1 FROM (SELECT count(*) AS holds FROM call_interaction \
                        WHERE kind = 'hold') WHERE holds = 2";
const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";

#[tokio::test]
async fn pickup_by_code() -> anyhow::Result<()> {
    let block = Block(170);
    let stage = Stage::set("pickup_by_code", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(BEN, &[])?;
    let bens = ben.rung()?;
    stage.until(RINGS).await?;
    let anas = ana.calls("*20ben")?;
    carl.is_answered(&mut carls)?;
    let cancel = ben.is_cancelled(&bens)?;
    ensure!(cancel.header("Reason")?.contains("elsewhere"), "{}", cancel.text());
    ana.is_with(&anas, CARL)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn pickup_group_by_code() -> anyhow::Result<()> {
    let block = Block(171);
    let stage = Stage::set("pickup_group_by_code", block)?;
    let [ben, cat] = phones(block, ["ben", "cat"])?;
    // A member whose telephone the group does not ring, for it is not registered.
    let ana = Handset::visiting(block, 5, "ana")?;
    let carl = carl(block)?;
    let mut carls = carl.dials("+15550200001", &[])?;
    let (bens, cats) = (ben.rung()?, cat.rung()?);
    carl.is_answered(&mut carls)?;
    stage.until(&format!("{RINGS} AND user_id = 'u-ben'")).await?;
    stage.until(&format!("{RINGS} AND user_id = 'u-cat'")).await?;
    let anas = ana.calls("*21")?;
    ben.is_cancelled(&bens)?;
    cat.is_cancelled(&cats)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn pickup_by_replaces() -> anyhow::Result<()> {
    let block = Block(172);
    let stage = Stage::set("pickup_by_replaces", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(BEN, &[])?;
    let bens = ben.rung()?;
    stage.until(RINGS).await?;
    // As a lamp key does it, which was told of ben's dialog.
    let replaces = format!("Replaces: {};early-only", bens.replaces());
    let mut anas = ana.dials("ben", &[&replaces, "Require: replaces"])?;
    ana.is_answered(&mut anas)?;
    carl.is_answered(&mut carls)?;
    ben.is_cancelled(&bens)?;
    while_they_talk();
    ana.hangs_up(&mut anas)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn pickup_by_a_stranger() -> anyhow::Result<()> {
    let block = Block(173);
    let stage = Stage::set("pickup_by_a_stranger", block)?;
    let [max, ben] = phones(block, ["max", "ben"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(BEN, &[])?;
    let bens = ben.rung()?;
    stage.until(RINGS).await?;
    let status = max.is_turned_away("*20ben", &[])?;
    ensure!(status == 403, "{status}");
    let replaces = format!("Replaces: {}", bens.replaces());
    let status = max.is_turned_away("ben", &[&replaces])?;
    ensure!(status == 403, "{status}");
    let status = max.is_turned_away("*21", &[])?;
    ensure!(status >= 400, "{status}");
    ben.answers(&bens)?;
    carl.is_answered(&mut carls)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn park_and_retrieve() -> anyhow::Result<()> {
    let block = Block(174);
    let stage = Stage::set("park_and_retrieve", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'hold'").await?;
    let _told = ana.dials("*7071", &[])?;
    ana.is_hung_up_on(&anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'transfer_started'").await?;
    while_they_talk();
    let bens = ben.calls("*7171")?;
    ben.is_with(&bens, CARL)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn park_comes_back() -> anyhow::Result<()> {
    let block = Block(175);
    let stage = Stage::set("park_comes_back", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("park", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    let again = ana.takes()?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn park_by_order() -> anyhow::Result<()> {
    let block = Block(176);
    let stage = Stage::set("park_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    let standing = stage.order("park", r#"{"user": "u-ana", "slot": "72"}"#, 200).await?;
    ensure!(standing.to_string().contains("72"), "{standing}");
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    // Nobody is in the other slots; she fetches him herself.
    let status = ana.is_turned_away("*7171", &[])?;
    ensure!(status >= 400, "{status}");
    let again = ana.calls("*7172")?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn park_caller_hangs_up() -> anyhow::Result<()> {
    let block = Block(177);
    let stage = Stage::set("park_caller_hangs_up", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("park", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    carl.hangs_up(&mut carls)?;
    stage.finish().await
}

#[tokio::test]
async fn conference_by_code() -> anyhow::Result<()> {
    let block = Block(178);
    let stage = Stage::set("conference_by_code", block)?;
    let [ana] = phones(block, ["ana"])?;
    let outside = dora(block)?;
    let (mut first, mut carls) = talk(&ana, &outside, CARL)?;
    ana.holds(&mut first)?;
    let (mut second, doras) = talk(&ana, &outside, DORA)?;
    ana.holds(&mut second)?;
    stage.until(TWO_HOLD).await?;
    let mut third = ana.calls("*30")?;
    ana.is_with(&third, "Conference")?;
    ana.is_hung_up_on(&first)?;
    ana.is_hung_up_on(&second)?;
    while_they_talk();
    outside.hangs_up(&mut carls)?;
    while_they_talk();
    ensure!(!outside.has_heard("BYE"), "two are left, and the call goes on");
    ana.hangs_up(&mut third)?;
    outside.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn conference_of_a_group_call() -> anyhow::Result<()> {
    let block = Block(197);
    let stage = Stage::set("conference_of_a_group_call", block)?;
    let [ben, dan] = phones(block, ["ben", "dan"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials("+15550200001", &[])?;
    let mut first = ben.takes()?;
    carl.is_answered(&mut carls)?;
    ben.holds(&mut first)?;
    let (mut second, dans) = talk(&ben, &dan, "dan")?;
    ben.holds(&mut second)?;
    stage.until(TWO_HOLD).await?;
    let mut third = ben.calls("*30")?;
    ben.is_hung_up_on(&first)?;
    ben.is_hung_up_on(&second)?;
    dan.is_with(&dans, "Conference")?;
    while_they_talk();
    ben.hangs_up(&mut third)?;
    dan.is_with(&dans, CARL)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dan.is_hung_up_on(&dans)?;
    stage.finish().await
}

#[tokio::test]
async fn conference_by_order() -> anyhow::Result<()> {
    let block = Block(179);
    let stage = Stage::set("conference_by_order", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#, 200).await?;
    let bens = ben.takes()?;
    stage.until("SELECT 1 FROM connection WHERE kind = 'consult' AND answered_at > 0").await?;
    stage.order("swap", r#"{"user": "u-ana"}"#, 200).await?;
    stage.order("merge", r#"{"user": "u-ana"}"#, 200).await?;
    while_they_talk();
    stage.order("mute", r#"{"member": {"leg": "anchor"}}"#, 200).await?;
    // What he is not on cannot be completed any more; nobody who is not there can be dropped.
    stage.order("complete", r#"{"user": "u-ana"}"#, 409).await?;
    stage.order("remove", r#"{"member": {"user": "u-dan"}}"#, 409).await?;
    stage.order("remove", r#"{"member": {"user": "u-ben"}}"#, 200).await?;
    ben.is_hung_up_on(&bens)?;
    stage.order("unmute", r#"{"member": {"leg": "anchor"}}"#, 200).await?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn move_by_replaces() -> anyhow::Result<()> {
    let block = Block(180);
    let stage = Stage::set("move_by_replaces", block)?;
    let [ana, mobile] = phones(block, ["ana", "ana"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(ANA, &[])?;
    let anas = ana.rung()?;
    let other = mobile.rung()?;
    ana.answers(&anas)?;
    carl.is_answered(&mut carls)?;
    mobile.is_cancelled(&other)?;
    while_they_talk();
    let replaces = format!("Replaces: {}", anas.replaces());
    let mut again = mobile.dials("ana", &[&replaces])?;
    mobile.is_answered(&mut again)?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    ensure!(!carl.has_heard("BYE"), "he goes on talking with her");
    carl.hangs_up(&mut carls)?;
    mobile.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn move_by_code() -> anyhow::Result<()> {
    let block = Block(181);
    let stage = Stage::set("move_by_code", block)?;
    let [ana] = phones(block, ["ana"])?;
    let mobile = Handset::visiting(block, 1, "ana")?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    let again = mobile.calls("*22")?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    mobile.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn move_by_order() -> anyhow::Result<()> {
    let block = Block(182);
    let stage = Stage::set("move_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    let mobile = Handset::registered(block, 1, "ana")?;
    stage.order("move", r#"{"user": "u-ana"}"#, 200).await?;
    let again = mobile.takes()?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    mobile.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn supervised() -> anyhow::Result<()> {
    let block = Block(183);
    let stage = Stage::set("supervised", block)?;
    let [ana, max, ben] = phones(block, ["ana", "max", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    // ben is no supervisor.
    let status = ben.is_turned_away("*23ana", &[])?;
    ensure!(status == 403, "{status}");
    let mut listens = max.calls("*23ana")?;
    while_they_talk();
    max.hangs_up(&mut listens)?;
    while_they_talk();
    let whispers = max.calls("*24ana")?;
    while_they_talk();
    stage.order("supervise", r#"{"user": "u-max", "of": "u-ana", "how": "barge"}"#, 200).await?;
    while_they_talk();
    ana.hangs_up(&mut anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    max.is_hung_up_on(&whispers)?;
    stage.finish().await
}

#[tokio::test]
async fn replaces_refused() -> anyhow::Result<()> {
    let block = Block(184);
    let stage = Stage::set("replaces_refused", block)?;
    let [ana] = phones(block, ["ana"])?;
    let mobile = Handset::visiting(block, 1, "ana")?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    let own = format!("Replaces: {}", anas.replaces());
    let early = format!("{own};early-only");
    let other = own.replace("to-tag=", "to-tag=x");
    let cases: [(&[&str], u16); 4] = [
        (&[&own, &own], 400),
        (&[&early], 486),
        (&[&other], 481),
        (&["Replaces: nobody@there;to-tag=a;from-tag=b"], 481),
    ];
    for (headers, expected) in cases {
        let status =
            mobile.is_turned_away("ana", headers).with_context(|| format!("{headers:?}"))?;
        ensure!(status == expected, "{status} to {headers:?}");
    }
    // From the trunk, whoever it is.
    let status = carl.is_turned_away(ANA, &[&own])?;
    ensure!([403, 481].contains(&status), "{status}");
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    // The dialog is over.
    let status = mobile.is_turned_away("ana", &[&own])?;
    ensure!([603, 481].contains(&status), "{status}");
    stage.finish().await
}
