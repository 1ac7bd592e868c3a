//! After a call was handed on, who is on it hears each other, and who has left hears nothing. Every
//! sound is a packet that only one of them can have sent.

use std::time::Duration;

use anyhow::ensure;
use e2e::handset::{Handset, Line};
use e2e::host::Block;
use e2e::puppet::Puppet;
use e2e::scenario::Stage;

use crate::directed::relayed;
use crate::handing_on::{ANA, carl, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "heard_after_cold_transfer",
    "heard_after_warm_transfer",
    "heard_after_return",
    "heard_after_pickup",
    "heard_after_move",
    "heard_after_retrieval",
    "heard_in_consultation",
];

const RINGS: &str = "SELECT id FROM connection_attempt WHERE ringing_at IS NOT NULL";
const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";

/// The ear of a telephone, and the port of the server that it speaks to.
struct Ear {
    puppet: Puppet,
    port: u16,
    /// Packets it has sent.
    sent: u8,
}

impl Ear {
    fn of(phone: &Handset, block: Block) -> anyhow::Result<Self> {
        Ok(Self { puppet: phone.ear(block)?, port: 0, sent: 0 })
    }

    /// What has come so far, music and ringing tones, is forgotten. Whoever talks hears no more
    /// than what the other says, and the other says nothing yet.
    fn quiet(&self) -> anyhow::Result<()> {
        for _ in 0..500 {
            if self.puppet.datagram(Duration::from_millis(120))?.is_none() {
                return Ok(());
            }
        }
        anyhow::bail!("{} hears somebody all the time", self.puppet.address())
    }
}

/// They hear each other, and this one hears neither.
fn they_talk(
    (one, first): (&mut Ear, &Line),
    (other, second): (&mut Ear, &Line),
    gone: Option<&Ear>,
) -> anyhow::Result<()> {
    (one.port, other.port) = (first.port(), second.port());
    // Each packet that is sent blindly opens the way for the answers, as from any telephone.
    one.quiet()?;
    other.quiet()?;
    if let Some(gone) = gone {
        gone.quiet()?;
    }
    for _ in 0..10 {
        relayed(&one.puppet, one.port, &other.puppet, other.port, one.sent)?;
        relayed(&other.puppet, other.port, &one.puppet, one.port, other.sent)?;
        (one.sent, other.sent) = (one.sent + 1, other.sent + 1);
    }
    if let Some(gone) = gone {
        let heard = gone.puppet.datagram(Duration::from_millis(50))?;
        ensure!(heard.is_none(), "{} still hears them", gone.puppet.address());
    }
    Ok(())
}

#[tokio::test]
async fn heard_after_cold_transfer() -> anyhow::Result<()> {
    let block = Block(236);
    let stage = Stage::set("heard_after_cold_transfer", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, mut ana_ear, mut ben_ear) =
        (Ear::of(&carl, block)?, Ear::of(&ana, block)?, Ear::of(&ben, block)?);
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    they_talk((&mut carl_ear, &carls), (&mut ana_ear, &anas), None)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    // The ringing tone.
    let tone = carl_ear.puppet.datagram(Duration::from_secs(2))?;
    ensure!(tone.is_some(), "the caller hears nothing while it rings");
    ben.answers(&bens)?;
    ana.is_hung_up_on(&anas)?;
    they_talk((&mut carl_ear, &carls), (&mut ben_ear, &bens), Some(&ana_ear))?;
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_after_warm_transfer() -> anyhow::Result<()> {
    let block = Block(237);
    let stage = Stage::set("heard_after_warm_transfer", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, ana_ear, mut ben_ear) =
        (Ear::of(&carl, block)?, Ear::of(&ana, block)?, Ear::of(&ben, block)?);
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let (second, bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    ana.is_hung_up_on(&second)?;
    ana.is_hung_up_on(&anas)?;
    they_talk((&mut carl_ear, &carls), (&mut ben_ear, &bens), Some(&ana_ear))?;
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_after_return() -> anyhow::Result<()> {
    let block = Block(238);
    let stage = Stage::set("heard_after_return", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, mut ana_ear) = (Ear::of(&carl, block)?, Ear::of(&ana, block)?);
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    ben.replies(&bens, "486 Busy Here")?;
    ana.is_told(&anas)?;
    they_talk((&mut carl_ear, &carls), (&mut ana_ear, &anas), None)?;
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_after_pickup() -> anyhow::Result<()> {
    let block = Block(239);
    let stage = Stage::set("heard_after_pickup", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, mut ana_ear) = (Ear::of(&carl, block)?, Ear::of(&ana, block)?);
    let mut carls = carl.dials("+15550100002", &[])?;
    let bens = ben.rung()?;
    stage.until(RINGS).await?;
    let anas = ana.calls("*20ben")?;
    carl.is_answered(&mut carls)?;
    ben.is_cancelled(&bens)?;
    they_talk((&mut carl_ear, &carls), (&mut ana_ear, &anas), None)?;
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_after_move() -> anyhow::Result<()> {
    let block = Block(240);
    let stage = Stage::set("heard_after_move", block)?;
    let [ana] = phones(block, ["ana"])?;
    let mobile = Handset::visiting(block, 1, "ana")?;
    let carl = carl(block)?;
    let (mut carl_ear, ana_ear, mut mobile_ear) =
        (Ear::of(&carl, block)?, Ear::of(&ana, block)?, Ear::of(&mobile, block)?);
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    let again = mobile.calls("*22")?;
    ana.is_hung_up_on(&anas)?;
    they_talk((&mut carl_ear, &carls), (&mut mobile_ear, &again), Some(&ana_ear))?;
    carl.hangs_up(&mut carls)?;
    mobile.is_hung_up_on(&again)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_after_retrieval() -> anyhow::Result<()> {
    let block = Block(241);
    let stage = Stage::set("heard_after_retrieval", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, ana_ear, mut ben_ear) =
        (Ear::of(&carl, block)?, Ear::of(&ana, block)?, Ear::of(&ben, block)?);
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    // To the slot by REFER, as a key for it does.
    ensure!(ana.refers(&mut anas, "<sip:*7073@tandem.test>")? == 202);
    ana.is_hung_up_on(&anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'transfer_started'").await?;
    let bens = ben.calls("*7173")?;
    they_talk((&mut carl_ear, &carls), (&mut ben_ear, &bens), Some(&ana_ear))?;
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn heard_in_consultation() -> anyhow::Result<()> {
    let block = Block(242);
    let stage = Stage::set("heard_in_consultation", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carl_ear, mut ana_ear, mut ben_ear) =
        (Ear::of(&carl, block)?, Ear::of(&ana, block)?, Ear::of(&ben, block)?);
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#, 200).await?;
    let bens = ben.takes()?;
    stage.until("SELECT 1 FROM connection WHERE kind = 'consult' AND answered_at > 0").await?;
    they_talk((&mut ana_ear, &anas), (&mut ben_ear, &bens), None)?;
    stage.order("swap", r#"{"user": "u-ana"}"#, 200).await?;
    they_talk((&mut ana_ear, &anas), (&mut carl_ear, &carls), None)?;
    stage.order("swap", r#"{"user": "u-ana"}"#, 200).await?;
    they_talk((&mut ana_ear, &anas), (&mut ben_ear, &bens), None)?;
    stage.order("complete", r#"{"user": "u-ana"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    they_talk((&mut carl_ear, &carls), (&mut ben_ear, &bens), Some(&ana_ear))?;
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}
