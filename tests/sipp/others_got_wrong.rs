//! What others have got wrong where calls are handed on, each named by its thread; and calls that
//! are forwarded.

use anyhow::ensure;
use e2e::host::Block;
use e2e::scenario::Stage;

use crate::handing_on::{ANA, CARL, DORA, carl, dora, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "asterisk_759",
    "freepbx_124",
    "freepbx_1033",
    "mikopbx_1084",
    "mikopbx_1100",
    "mikopbx_1125",
    "mikopbx_741",
    "freeswitch_1057",
    "forward_always",
    "forward_busy",
    "forward_no_answer",
    "forward_to_voicemail",
    "forward_loop",
];

const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";
const SUPPORT: &str = r#"{"user": "u-ana", "to": {"group": "g-supp"}}"#;

#[tokio::test]
async fn asterisk_759() -> anyhow::Result<()> {
    let block = Block(185);
    let stage = Stage::set("asterisk_759", block)?;
    let [ana, dan] = phones(block, ["ana", "dan"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials("+15550200001", &[])?;
    carl.is_answered(&mut carls)?;
    let mut anas = ana.takes()?;
    while_they_talk();
    ana.holds(&mut anas)?;
    let mut second = ana.dials("+15550200003", &[])?;
    let dans = dan.rung()?;
    ana.is_answered(&mut second)?;
    // She does not wait for an agent of the second queue.
    ensure!(ana.refers(&mut anas, &second.refer_to("+15550200003"))? == 202);
    while_they_talk();
    dan.answers(&dans)?;
    ana.is_hung_up_on(&anas)?;
    ana.is_hung_up_on(&second)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dan.is_hung_up_on(&dans)?;
    stage.finish().await
}

#[tokio::test]
async fn freepbx_124() -> anyhow::Result<()> {
    let block = Block(186);
    let stage = Stage::set("freepbx_124", block)?;
    let [ben] = phones(block, ["ben"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let mut carls = carl.dials("+15550200001", &[])?;
    carl.is_answered(&mut carls)?;
    let mut bens = ben.takes()?;
    while_they_talk();
    ben.holds(&mut bens)?;
    let (second, doras) = talk(&ben, &dora, DORA)?;
    while_they_talk();
    ensure!(ben.refers(&mut bens, &second.refer_to(DORA))? == 202);
    ben.is_hung_up_on(&bens)?;
    ben.is_hung_up_on(&second)?;
    // For an hour, say.
    std::thread::park_timeout(std::time::Duration::from_millis(900));
    carl.hangs_up(&mut carls)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn freepbx_1033() -> anyhow::Result<()> {
    let block = Block(187);
    let stage = Stage::set("freepbx_1033", block)?;
    let [ana, dan, ben] = phones(block, ["ana", "dan", "ben"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials("+15550200001", &[])?;
    let (mut anas, bens) = (ana.rung()?, ben.rung()?);
    ana.answers(&anas)?;
    ben.is_cancelled(&bens)?;
    carl.is_answered(&mut carls)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:+15550200003@tandem.test>")? == 202);
    let mut dans = dan.takes()?;
    ana.is_hung_up_on(&anas)?;
    dan.holds(&mut dans)?;
    // Back to the first group, where ben takes it now.
    let mut second = dan.dials("+15550200001", &[])?;
    let (anas, mut bens) = (ana.rung()?, ben.rung()?);
    ben.answers(&bens)?;
    ana.is_cancelled(&anas)?;
    dan.is_answered(&mut second)?;
    while_they_talk();
    ensure!(dan.refers(&mut dans, &second.refer_to("+15550200001"))? == 202);
    dan.is_hung_up_on(&dans)?;
    while_they_talk();
    stage.until(TALKS).await?;
    let early = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM graph_outbox)";
    stage.until(early).await?;
    ben.hangs_up(&mut bens)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn mikopbx_1084() -> anyhow::Result<()> {
    let block = Block(188);
    let stage = Stage::set("mikopbx_1084", block)?;
    let [ana, dan, eve, cat] = phones(block, ["ana", "dan", "eve", "cat"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", SUPPORT, 200).await?;
    let (dans, eves, cats) = (dan.rung()?, eve.rung()?, cat.rung()?);
    // Those who lose end in the same instant in which she answers.
    dan.replies(&dans, "486 Busy Here")?;
    eve.answers(&eves)?;
    cat.is_cancelled(&cats)?;
    stage.until("SELECT 1 FROM connection WHERE kind = 'consult' AND answered_at > 0").await?;
    stage.order("complete", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    std::thread::park_timeout(std::time::Duration::from_millis(500));
    carl.hangs_up(&mut carls)?;
    eve.is_hung_up_on(&eves)?;
    stage.finish().await
}

#[tokio::test]
async fn mikopbx_1100() -> anyhow::Result<()> {
    let block = Block(189);
    let stage = Stage::set("mikopbx_1100", block)?;
    let [ana, dan, eve] = phones(block, ["ana", "dan", "eve"])?;
    let carl = carl(block)?;
    let (carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let mut second = ana.dials("+15550200003", &[])?;
    ana.is_answered(&mut second)?;
    // A round in which nobody answers.
    for phone in [&dan, &eve] {
        let line = phone.rung()?;
        phone.is_cancelled(&line)?;
    }
    let mut dans = dan.takes()?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, &second.refer_to("+15550200003"))? == 202);
    ana.is_hung_up_on(&anas)?;
    std::thread::park_timeout(std::time::Duration::from_millis(1_200));
    dan.hangs_up(&mut dans)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn mikopbx_1125() -> anyhow::Result<()> {
    let block = Block(190);
    let stage = Stage::set("mikopbx_1125", block)?;
    let [ana, dan] = phones(block, ["ana", "dan"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    std::thread::park_timeout(std::time::Duration::from_millis(400));
    stage.order("consult", SUPPORT, 200).await?;
    let dans = dan.rung()?;
    dan.replies(&dans, "486 Busy Here")?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'resume'").await?;
    // What is said from here on was lost there.
    std::thread::park_timeout(std::time::Duration::from_millis(1_000));
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn mikopbx_741() -> anyhow::Result<()> {
    let block = Block(142);
    let stage = Stage::set("mikopbx_741", block)?;
    let [ana, dan, eve] = phones(block, ["ana", "dan", "eve"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials("+15550200001", &[])?;
    let mut anas = ana.takes()?;
    carl.is_answered(&mut carls)?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:g-supp@tandem.test>")? == 202);
    let (mut dans, eves) = (dan.rung()?, eve.rung()?);
    dan.answers(&dans)?;
    eve.is_cancelled(&eves)?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    dan.holds(&mut dans)?;
    let (second, eves) = talk(&dan, &eve, "eve")?;
    while_they_talk();
    ensure!(dan.refers(&mut dans, &second.refer_to("eve"))? == 202);
    dan.is_hung_up_on(&second)?;
    dan.is_hung_up_on(&dans)?;
    std::thread::park_timeout(std::time::Duration::from_millis(700));
    carl.hangs_up(&mut carls)?;
    eve.is_hung_up_on(&eves)?;
    stage.finish().await
}

#[tokio::test]
async fn freeswitch_1057() -> anyhow::Result<()> {
    let block = Block(191);
    let stage = Stage::set("freeswitch_1057", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let (mut second, bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    let status = ana.refers(&mut anas, &second.refer_to("ben"))?;
    ensure!([404, 481].contains(&status), "{status}");
    ana.is_hung_up_on(&anas)?;
    // The other way round: the line that the REFER names is over.
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    let gone = second.clone();
    ana.hangs_up(&mut second)?;
    ben.is_hung_up_on(&bens)?;
    let status = ana.refers(&mut anas, &gone.refer_to("ben"))?;
    ensure!(status == 404, "{status}");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

/// What a far end must be told of the forwarding that brought it the call.
fn is_diverted(doras: &e2e::handset::Line, reason: &str, cause: &str) -> anyhow::Result<()> {
    let invite = doras.invite();
    let diversion = invite.header("Diversion")?;
    ensure!(diversion.contains(ANA) && diversion.contains(reason), "{diversion}");
    let history: Vec<&str> = invite.headers("History-Info").collect();
    let history = history.join(", ");
    ensure!(history.contains(ANA) && history.contains(DORA), "{history}");
    ensure!(history.contains(cause) && history.contains("index=1.1"), "{history}");
    ensure!(invite.header("From")?.contains(CARL) || reason.is_empty(), "{}", invite.text());
    Ok(())
}

#[tokio::test]
async fn forward_always() -> anyhow::Result<()> {
    let block = Block(192);
    let stage = Stage::set("forward_always", block)?;
    let [ana] = phones(block, ["ana"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let (mut carls, doras) = talk(&carl, &dora, ANA)?;
    is_diverted(&doras, "unconditional", "302")?;
    ensure!(!ana.has_heard("INVITE"), "her telephone does not ring");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn forward_busy() -> anyhow::Result<()> {
    let block = Block(193);
    let stage = Stage::set("forward_busy", block)?;
    let [ana] = phones(block, ["ana"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let mut carls = carl.dials(ANA, &[])?;
    let anas = ana.rung()?;
    ana.replies(&anas, "486 Busy Here")?;
    let doras = dora.takes()?;
    carl.is_answered(&mut carls)?;
    is_diverted(&doras, "user-busy", "486")?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn forward_no_answer() -> anyhow::Result<()> {
    let block = Block(194);
    let stage = Stage::set("forward_no_answer", block)?;
    let [ana] = phones(block, ["ana"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let mut carls = carl.dials(ANA, &[])?;
    let anas = ana.rung()?;
    ana.is_cancelled(&anas)?;
    let doras = dora.takes()?;
    carl.is_answered(&mut carls)?;
    is_diverted(&doras, "no-answer", "408")?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn forward_to_voicemail() -> anyhow::Result<()> {
    let block = Block(195);
    let stage = Stage::set("forward_to_voicemail", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(ANA, &[])?;
    let anas = ana.rung()?;
    ana.replies(&anas, "486 Busy Here")?;
    carl.is_answered(&mut carls)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    stage.finish().await
}

#[tokio::test]
async fn forward_loop() -> anyhow::Result<()> {
    let block = Block(196);
    let stage = Stage::set("forward_loop", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, bens) = talk(&carl, &ben, ANA)?;
    ensure!(!ana.has_heard("INVITE"), "her calls go to him");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}
