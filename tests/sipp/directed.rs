//! Scenarios in which the test itself has a hand: signals, restarts, phones moved message by
//! message.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::database::Lock;
use e2e::host::{Block, password};
use e2e::puppet::{Puppet, StreamPuppet, description};
use e2e::registration::{Registration, challenges, register, register_by};
use e2e::scenario::Stage;

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "register_stale_nonce",
    "register_replayed",
    "asterisk_176",
    "asterisk_176_queue",
    "drain",
    "drain_twice",
    "kill_mid_call",
    "kill_while_ringing",
    "second_server",
    "rtp_both_ways",
    "rtp_bleed",
    "rustpbx_77",
    "retransmissions",
    "reinvite_crosses_bye",
    "call_rate",
    "database_locked",
    "flood",
    "phone_is_off",
    "two_calls_one_answer",
    "tcp_agent",
];

const RINGS: &str = "SELECT id FROM connection_attempt WHERE ringing_at IS NOT NULL";
const TALKS: &str = "SELECT id FROM call WHERE state = 'in_progress'";

#[tokio::test]
async fn register_stale_nonce() -> anyhow::Result<()> {
    let block = Block(200);
    let stage = Stage::set("register_stale_nonce", block)?;
    let mut phone = Registration::new(block, block.agent(0), "ana")?;
    let first = phone.send(None)?;
    let answer = phone.answer(&first, &password("ana"), 1)?;
    // A good answer is refused as soon as its nonce is old, which the server alone can say.
    let mut refused = None;
    for count in 1..=80 {
        let answer = phone.answer(&first, &password("ana"), count)?;
        let response = phone.send(Some(&answer))?;
        if response.status().code() == 401 {
            refused = Some(response);
            break;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let refused = refused.context("an old nonce must be refused")?;
    let fresh = challenges(&refused);
    ensure!(fresh.iter().all(|challenge| challenge.stale), "stale=true in {fresh:?}");
    let again = phone.answer(&refused, &password("ana"), 1)?;
    ensure!(again != answer);
    ensure!(phone.send(Some(&again))?.status().code() == 200);
    stage.finish().await
}

#[tokio::test]
async fn register_replayed() -> anyhow::Result<()> {
    let block = Block(201);
    let stage = Stage::set("register_replayed", block)?;
    let mut phone = Registration::new(block, block.agent(0), "ana")?;
    let challenged = phone.send(None)?;
    let answer = phone.answer(&challenged, &password("ana"), 1)?;
    ensure!(phone.send(Some(&answer))?.status().code() == 200);
    let mut thief = Registration::new(block, block.agent(1), "ana")?;
    let refused = thief.send(Some(&answer))?;
    ensure!(refused.status().code() == 401, "{refused:?}");
    ensure!(!challenges(&refused).is_empty());
    stage.finish().await
}

#[tokio::test]
async fn asterisk_176() -> anyhow::Result<()> {
    both_answer("asterisk_176", Block(202)).await
}

#[tokio::test]
async fn asterisk_176_queue() -> anyhow::Result<()> {
    both_answer("asterisk_176_queue", Block(219)).await
}

async fn both_answer(name: &str, block: Block) -> anyhow::Result<()> {
    let mut stage = Stage::set(name, block)?;
    let mut agents = Vec::new();
    for (index, user) in [(0, "ana"), (1, "ben")] {
        register(block, block.agent(index), user)?;
        agents.push(Puppet::new(block, block.agent(index), 5060)?);
    }
    stage.call().await?;
    let mut invites = Vec::new();
    for agent in &agents {
        let invite = agent.expect("INVITE")?;
        agent.send(agent.response(&invite, "180 Ringing", "t", "")?.as_bytes())?;
        invites.push(invite);
    }
    stage.until(RINGS).await?;
    let mut answers = Vec::new();
    for (agent, invite) in agents.iter().zip(&invites) {
        let description = agent.description(7000);
        answers.push(agent.response(invite, "200 OK", "t", &description)?);
    }
    for (agent, answer) in agents.iter().zip(&answers) {
        agent.send(answer.as_bytes())?;
    }
    // Both are acknowledged; one of them is released at once and told why.
    let mut winners = Vec::new();
    for (agent, invite) in agents.iter().zip(&invites) {
        agent.expect("ACK")?;
        match agent.next(Duration::from_millis(500))? {
            None => winners.push((agent, invite)),
            Some(bye) => {
                ensure!(bye.text().starts_with("BYE"), "{}", bye.text());
                ensure!(bye.header("Reason")?.contains("Call completed elsewhere"));
                agent.send(agent.response(&bye, "200 OK", "t", "")?.as_bytes())?;
            }
        }
    }
    let [(winner, invite)] = winners.as_slice() else {
        anyhow::bail!("one agent must be connected, not {}", winners.len());
    };
    winner.send(winner.bye(invite, "t")?.as_bytes())?;
    winner.expect("SIP/2.0 200")?;
    stage.finish().await
}

#[tokio::test]
async fn drain() -> anyhow::Result<()> {
    let mut stage = Stage::set("drain", Block(203))?;
    stage.call_by(0).await?;
    stage.until(TALKS).await?;
    ensure!(stage.host.get("/readyz")?.starts_with("HTTP/1.1 200"));
    stage.host.signal("TERM")?;
    while stage.host.get("/readyz")?.starts_with("HTTP/1.1 200") {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    ensure!(stage.host.get("/readyz")?.starts_with("HTTP/1.1 503"));
    ensure!(stage.host.get("/livez")?.starts_with("HTTP/1.1 200"));
    stage.call_by(1).await?;
    stage.over()?;
    let status = stage.host.wait()?;
    ensure!(status.success(), "{status}\n{}", stage.host.log()?);
    stage.check().await
}

#[tokio::test]
async fn drain_twice() -> anyhow::Result<()> {
    let mut stage = Stage::set("drain_twice", Block(204))?;
    stage.call().await?;
    stage.until(TALKS).await?;
    stage.host.signal("TERM")?;
    while stage.host.get("/readyz")?.starts_with("HTTP/1.1 200") {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    stage.host.signal("TERM")?;
    let status = stage.host.wait()?;
    ensure!(status.success(), "{status}\n{}", stage.host.log()?);
    stage.over()?;
    stage.check().await
}

#[tokio::test]
async fn kill_mid_call() -> anyhow::Result<()> {
    killed("kill_mid_call", Block(205), TALKS).await
}

#[tokio::test]
async fn kill_while_ringing() -> anyhow::Result<()> {
    killed("kill_while_ringing", Block(206), RINGS).await
}

async fn killed(name: &str, block: Block, when: &str) -> anyhow::Result<()> {
    let mut stage = Stage::set(name, block)?;
    stage.call().await?;
    stage.until(when).await?;
    stage.host.signal("KILL")?;
    stage.host.wait()?;
    stage.players.clear();
    stage.host.start_again()?;
    stage.finish().await
}

#[tokio::test]
async fn second_server() -> anyhow::Result<()> {
    let stage = Stage::set("second_server", Block(207))?;
    let output = stage.host.rival()?.output()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(3), "{}: {errors}", output.status);
    ensure!(errors.contains("var"), "{errors}");
    ensure!(stage.host.get("/readyz")?.starts_with("HTTP/1.1 200"));
    stage.finish().await
}

/// The server's ports that the agent and the caller were told.
fn ports(stage: &Stage) -> anyhow::Result<(u16, u16)> {
    let named = |player: usize, start: &str| -> anyhow::Result<u16> {
        let messages = stage.players[player].messages();
        let message = messages.split(start).nth(1).context("the message")?;
        let line = message.split("m=audio ").nth(1).context("a description")?;
        Ok(line.split(' ').next().unwrap_or_default().parse()?)
    };
    Ok((named(0, "INVITE sip:")?, named(1, "SIP/2.0 200 OK")?))
}

#[tokio::test]
async fn rtp_bleed() -> anyhow::Result<()> {
    let block = Block(218);
    let mut stage = Stage::set("rtp_bleed", block)?;
    let caller = Puppet::new(block, block.caller(), 7000)?;
    let agent = Puppet::new(block, block.agent(0), 7000)?;
    stage.call().await?;
    stage.until(TALKS).await?;
    let (to_agent, to_caller) = ports(&stage)?;
    relayed(&caller, to_caller, &agent, to_agent, 0)?;
    relayed(&agent, to_agent, &caller, to_caller, 0)?;
    let stranger = Puppet::new(block, block.agent(90), 7000)?;
    for sequence in 1..=100 {
        for port in [to_agent, to_caller] {
            stranger.send_to(&packet(sequence), port)?;
        }
        relayed(&caller, to_caller, &agent, to_agent, sequence)?;
        relayed(&agent, to_agent, &caller, to_caller, sequence)?;
    }
    stage.measures(&["tandem_rtp_stray_total 200".to_owned()])?;
    for puppet in [&stranger, &caller, &agent] {
        let heard = puppet.datagram(Duration::from_millis(50))?;
        ensure!(heard.is_none(), "{} hears something", puppet.address());
    }
    stage.finish().await
}

#[tokio::test]
async fn rtp_both_ways() -> anyhow::Result<()> {
    let block = Block(208);
    let mut stage = Stage::set("rtp_both_ways", block)?;
    let caller = Puppet::new(block, block.caller(), 7000)?;
    let agent = Puppet::new(block, block.agent(0), 7000)?;
    stage.call().await?;
    stage.until(TALKS).await?;
    let (to_agent, to_caller) = ports(&stage)?;
    for sequence in 0..50_u8 {
        relayed(&caller, to_caller, &agent, to_agent, sequence)?;
        relayed(&agent, to_agent, &caller, to_caller, sequence)?;
    }
    stage.finish().await
}

/// A caller behind the trunk, and what he repeats in every request.
struct Outsider {
    puppet: Puppet,
    number: &'static str,
    /// To, with the tag once there is one.
    to: String,
}

impl Outsider {
    fn new(block: Block, number: &'static str) -> anyhow::Result<Self> {
        let puppet = Puppet::new(block, block.caller(), 5060)?;
        Ok(Self { puppet, number, to: format!("<sip:{number}@tandem.test>") })
    }

    /// A request, twice if a network would have it so.
    fn send(&self, method: &str, cseq: u32, branch: &str, times: usize) -> anyhow::Result<()> {
        let Self { puppet, number, to } = self;
        let at = puppet.address();
        // Requests of one call differ by their branch; INVITEs of several calls do too.
        let call = if ["one", "two", "three"].contains(&branch) { branch } else { "outsider" };
        let (body, kind) = if method == "INVITE" {
            let description = puppet.description(7000);
            (description, "Content-Type: application/sdp\r\n")
        } else {
            (String::new(), "")
        };
        let text = format!(
            "{method} sip:{number}@tandem.test SIP/2.0\r\n\
             Via: SIP/2.0/UDP {at};branch=z9hG4bK-{branch}\r\n\
             From: <sip:+15557770001@carrier.test>;tag=out\r\nTo: {to}\r\n\
             Call-ID: {call}@{at}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
             Contact: <sip:out@{at}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for _ in 0..times {
            puppet.send(text.as_bytes())?;
        }
        Ok(())
    }

    /// Waits for a response and keeps its To.
    fn expect(&mut self, status: &str) -> anyhow::Result<()> {
        let heard = self.puppet.expect(&format!("SIP/2.0 {status}"))?;
        self.to = heard.header("To")?.to_owned();
        Ok(())
    }
}

#[tokio::test]
async fn rustpbx_77() -> anyhow::Result<()> {
    let block = Block(209);
    let stage = Stage::set("rustpbx_77", block)?;
    let mut caller = Outsider::new(block, "+15550109999")?;
    caller.send("INVITE", 1, "i", 3)?;
    caller.expect("404")?;
    let dialled = std::mem::replace(&mut caller.to, "<sip:+15550109999@tandem.test>".to_owned());
    caller.send("INVITE", 1, "i", 3)?;
    let answered = std::mem::replace(&mut caller.to, dialled);
    caller.send("ACK", 1, "i", 2)?;
    caller.to = answered;
    caller.send("INVITE", 1, "i", 3)?;
    stage.until("SELECT call_id FROM assignment").await?;
    stage.finish().await
}

#[tokio::test]
async fn retransmissions() -> anyhow::Result<()> {
    let block = Block(210);
    let mut stage = Stage::set("retransmissions", block)?;
    let mut caller = Outsider::new(block, "+15550100001")?;
    caller.send("INVITE", 1, "i", 2)?;
    caller.expect("200")?;
    caller.send("ACK", 1, "a", 2)?;
    stage.until(TALKS).await?;
    caller.send("BYE", 2, "b", 2)?;
    caller.expect("200")?;
    stage.over()?;
    stage.finish().await
}

#[tokio::test]
async fn reinvite_crosses_bye() -> anyhow::Result<()> {
    let block = Block(211);
    let mut stage = Stage::set("reinvite_crosses_bye", block)?;
    let mut caller = Outsider::new(block, "+15550100001")?;
    caller.send("INVITE", 1, "i", 1)?;
    caller.expect("200")?;
    caller.send("ACK", 1, "a", 1)?;
    stage.until(TALKS).await?;
    caller.send("INVITE", 2, "r", 1)?;
    caller.send("BYE", 3, "b", 1)?;
    let mut answered = Vec::new();
    while answered.len() < 2 {
        let heard = caller.puppet.expect("SIP/2.0 ")?;
        let (status, cseq) = (heard.status().context("a status")?, heard.header("CSeq")?);
        if status < 200 || answered.iter().any(|(known, _)| known == cseq) {
            continue;
        }
        answered.push((cseq.to_owned(), status));
    }
    answered.sort();
    let (reinvite, bye) = (&answered[0], &answered[1]);
    ensure!(reinvite.0 == "2 INVITE" && [200, 487].contains(&reinvite.1), "{answered:?}");
    ensure!(*bye == ("3 BYE".to_owned(), 200), "{answered:?}");
    let (branch, cseq) = if reinvite.1 == 200 { ("ra", 2) } else { ("r", 2) };
    caller.send("ACK", cseq, branch, 1)?;
    stage.over()?;
    stage.finish().await
}

#[tokio::test]
async fn call_rate() -> anyhow::Result<()> {
    let block = Block(214);
    let stage = Stage::set("call_rate", block)?;
    let callers = Outsider::new(block, "+15550109999")?;
    for branch in ["one", "two", "three"] {
        callers.send("INVITE", 1, branch, 1)?;
    }
    let (mut taken, mut refused) = (BTreeSet::new(), BTreeSet::new());
    while taken.len() + refused.len() < 3 {
        let heard = callers.puppet.expect("SIP/2.0 ")?;
        let call = heard.header("Call-ID")?.to_owned();
        match heard.status() {
            Some(404) => taken.insert(call),
            Some(503) => heard.header("Retry-After").map(|_| refused.insert(call))?,
            _ => false,
        };
    }
    ensure!(!taken.is_empty() && !refused.is_empty(), "{taken:?} {refused:?}");
    let count = refused.len();
    stage.measures(&[format!("tandem_limit_hits_total{{limit=\"call rate\"}} {count}")])?;
    stage
        .until(&format!("SELECT 1 FROM call GROUP BY 1 HAVING count(*) = {}", taken.len()))
        .await?;
    stage.finish().await
}

#[tokio::test]
async fn database_locked() -> anyhow::Result<()> {
    let mut stage = Stage::set("database_locked", Block(212))?;
    let lock = Lock::take(&stage.host.database()).await?;
    stage.call().await?;
    stage.over()?;
    lock.release().await?;
    stage.finish().await
}

#[tokio::test]
async fn phone_is_off() -> anyhow::Result<()> {
    let block = Block(215);
    let mut stage = Stage::set("phone_is_off", block)?;
    register(block, block.agent(0), "ana")?;
    let _silent = Puppet::new(block, block.agent(0), 5060)?;
    stage.call().await?;
    stage.finish().await
}

#[tokio::test]
async fn two_calls_one_answer() -> anyhow::Result<()> {
    let block = Block(216);
    let mut stage = Stage::set("two_calls_one_answer", block)?;
    register(block, block.agent(0), "ana")?;
    let phone = Puppet::new(block, block.agent(0), 5060)?;
    let mut invites = Vec::new();
    for index in 0..2 {
        stage.call_by(index).await?;
        let invite = phone.expect("INVITE")?;
        phone.send(phone.response(&invite, "180 Ringing", "t", "")?.as_bytes())?;
        invites.push(invite);
    }
    stage
        .until(
            "SELECT 1 FROM connection_attempt WHERE ringing_at > 0 GROUP BY 1 HAVING count(*) = 2",
        )
        .await?;
    let answer = phone.response(&invites[0], "200 OK", "t", &phone.description(7000))?;
    phone.send(answer.as_bytes())?;
    let cancel = phone.expect("CANCEL")?;
    ensure!(cancel.header("Call-ID")? == invites[1].header("Call-ID")?);
    phone.send(phone.response(&cancel, "200 OK", "t", "")?.as_bytes())?;
    phone.send(phone.response(&invites[1], "487 Request Terminated", "t", "")?.as_bytes())?;
    let bye = phone.expect("BYE")?;
    phone.send(phone.response(&bye, "200 OK", "t", "")?.as_bytes())?;
    stage.finish().await
}

#[tokio::test]
async fn tcp_agent() -> anyhow::Result<()> {
    let block = Block(217);
    let mut stage = Stage::set("tcp_agent", block)?;
    let mut phone = Registration::over(StreamPuppet::connect(block)?, "ana");
    register_by(&mut phone)?;
    let mut phone = phone.connection().context("a connection")?;
    stage.call().await?;
    let at = phone.address();
    let invite = phone.expect("INVITE")?;
    ensure!(invite.header("Via")?.starts_with("SIP/2.0/TCP"), "{}", invite.text());
    phone.send(&invite.response(at, "180 Ringing", "t", "")?)?;
    stage.until(RINGS).await?;
    phone.send(&invite.response(at, "200 OK", "t", &description(at.ip(), 7000))?)?;
    phone.expect("ACK")?;
    let bye = phone.expect("BYE")?;
    phone.send(&bye.response(at, "200 OK", "t", "")?)?;
    stage.finish().await
}

#[tokio::test]
async fn flood() -> anyhow::Result<()> {
    let block = Block(213);
    let stage = Stage::set("flood", block)?;
    let puppet = Puppet::new(block, block.agent(0), 5060)?;
    let options = |number: u32| {
        let at = puppet.address();
        format!(
            "OPTIONS sip:tandem.test SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-{number}\r\n\
             From: <sip:flood@example.net>;tag=f\r\nTo: <sip:tandem.test>\r\n\
             Call-ID: flood-{number}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        )
    };
    for number in 0..10_000 {
        puppet.send(options(number).as_bytes())?;
    }
    // Another asks, again and again, until the rate of OPTIONS has room for him.
    let quiet = Puppet::new(block, block.agent(1), 5060)?;
    let mut answered = false;
    for number in 10_000..10_100 {
        let (theirs, ours) = (puppet.address().to_string(), quiet.address().to_string());
        let question = options(number).replace(&theirs, &ours);
        quiet.send(question.as_bytes())?;
        let heard = quiet.next(Duration::from_millis(100))?;
        answered = heard.is_some_and(|heard| heard.status() == Some(200));
        if answered {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    ensure!(answered, "nobody is answered after the flood");
    let text = stage.host.get("/metrics")?;
    let dropped = text.lines().find_map(|line| line.strip_prefix("tandem_sip_dropped_total "));
    ensure!(dropped.is_some_and(|count| count != "0"), "{text}");
    stage.finish().await
}

/// One packet from one to the other, and that its sound comes as it went, in a stream that is ours.
pub(crate) fn relayed(
    from: &Puppet,
    in_at: u16,
    to: &Puppet,
    out_at: u16,
    sequence: u8,
) -> anyhow::Result<()> {
    let sent = packet(sequence);
    from.send_to(&sent, in_at)?;
    let (bytes, port) = to.datagram(Duration::from_secs(2))?.context("the packet")?;
    ensure!(port == out_at, "from port {port}, described was {out_at}");
    // The first of a stream has the marker.
    let kept = (bytes[1] & 0x7f, &bytes[12..]) == (sent[1], &sent[12..]);
    ensure!(kept, "packet {sequence} was changed: {:?} of {:?}", &bytes[..16], &sent[..16]);
    ensure!(bytes[8..12] != sent[8..12], "each leg is an RTP session of its own");
    Ok(())
}

/// A packet with 20 ms of PCMU.
fn packet(number: u8) -> Vec<u8> {
    let timestamp = (u32::from(number) * 160).to_be_bytes();
    let mut packet = vec![0x80, 0, 0, number];
    packet.extend(timestamp);
    packet.extend([1, 2, 3, 4]);
    packet.extend([number; 160]);
    packet
}
