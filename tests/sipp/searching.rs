//! Scenarios of IVRs and queues in which the test itself has a hand: a service that is asked who
//! calls, an agent who answers and drops in one instant, a server that dies while somebody waits.
//! And that what is said of a call's way, beforehand and afterwards, is what its rows say.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::database::Database;
use e2e::host::Block;
use e2e::puppet::{Heard, Puppet};
use e2e::registration::register;
use e2e::scenario::Stage;
use serde_json::Value;

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "asterisk_1557",
    "freeswitch_1973",
    "lookup_http",
    "available_by_api",
    "voicemail_by_mail",
    "voicemail_killed",
];

#[tokio::test]
async fn asterisk_1557() -> anyhow::Result<()> {
    let block = Block(120);
    let mut stage = Stage::set("asterisk_1557", block)?;
    let mut agents = Vec::new();
    for (index, user) in [(0, "ana"), (1, "ben"), (2, "cat")] {
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
    let all_ring = "SELECT 1 FROM connection_attempt WHERE ringing_at > 0 GROUP BY 1 \
                    HAVING count(*) = 3";
    stage.until(all_ring).await?;
    let (ana, invite) = (&agents[0], &invites[0]);
    ana.send(ana.response(invite, "200 OK", "t", &ana.description(7000))?.as_bytes())?;
    ana.send(ana.bye(invite, "t")?.as_bytes())?;
    for (agent, invite) in agents.iter().zip(&invites).skip(1) {
        is_stopped(agent, invite)?;
    }
    for agent in &agents {
        while let Some(heard) = agent.next(Duration::from_millis(200))? {
            ensure!(!heard.text().starts_with("INVITE"), "rung again: {}", heard.text());
        }
    }
    stage.finish().await
}

/// He is cancelled, because the call is answered elsewhere.
fn is_stopped(agent: &Puppet, invite: &Heard) -> anyhow::Result<()> {
    let cancel = agent.expect("CANCEL")?;
    ensure!(cancel.header("Reason")?.contains("Call completed elsewhere"), "{}", cancel.text());
    agent.send(agent.response(&cancel, "200 OK", "t", "")?.as_bytes())?;
    agent.send(agent.response(invite, "487 Request Terminated", "t", "")?.as_bytes())
}

#[tokio::test]
async fn freeswitch_1973() -> anyhow::Result<()> {
    let mut stage = Stage::set("freeswitch_1973", Block(121))?;
    stage.call().await?;
    stage.until("SELECT 1 FROM queue_wait WHERE exit IS NULL").await?;
    stage.host.signal("KILL")?;
    stage.host.wait()?;
    stage.players.clear();
    stage.host.start_again()?;
    stage.finish().await
}

#[tokio::test]
async fn voicemail_killed() -> anyhow::Result<()> {
    let mut stage = Stage::set("voicemail_killed", Block(127))?;
    stage.call().await?;
    stage.until("SELECT 1 FROM voicemail").await?;
    // So long he is heard.
    std::thread::park_timeout(Duration::from_millis(2_000));
    stage.host.signal("KILL")?;
    stage.host.wait()?;
    stage.players.clear();
    stage.host.start_again()?;
    stage.finish().await
}

#[tokio::test]
async fn lookup_http() -> anyhow::Result<()> {
    let block = Block(122);
    let service = TcpListener::bind((block.far_end(), 8099))?;
    let mut stage = Stage::set("lookup_http", block)?;
    let asked = std::thread::spawn(move || -> anyhow::Result<([String; 2], TcpStream)> {
        let (stream, _) = service.accept()?;
        let first = question(&stream)?;
        let record = r#"{"record": {"id": "r-new", "object_type": "contact",
            "display_name": "Nina New", "owner_user_id": "u-ana"}}"#;
        write!(
            &stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{record}",
            record.len()
        )?;
        drop(stream);
        // Who asks again gets no answer, but the connection stays.
        let (stream, _) = service.accept()?;
        Ok(([first, question(&stream)?], stream))
    });
    stage.call().await?;
    stage.over()?;
    let Ok(asked) = asked.join() else { anyhow::bail!("the service broke") };
    let (questions, _stream) = asked?;
    for (question, digits) in questions.iter().zip(["15557770011", "15557770012"]) {
        ensure!(question.starts_with("GET /lookup?number="), "{question}");
        ensure!(question.contains(digits), "{question}");
    }
    stage.finish().await
}

/// The first line of a request.
fn question(stream: &TcpStream) -> anyhow::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().context("a question")??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    Ok(first)
}

#[tokio::test]
async fn available_by_api() -> anyhow::Result<()> {
    let mut stage = Stage::set("available_by_api", Block(125))?;
    stage.call().await?;
    stage.until("SELECT 1 FROM queue_wait").await?;
    let there = r#"{"availability": "available"}"#;
    let answer = stage.host.put("/api/v1/users/u-ana/availability", there)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stage.finish().await
}

#[tokio::test]
async fn voicemail_by_mail() -> anyhow::Result<()> {
    let block = Block(126);
    let post = TcpListener::bind((block.far_end(), 2525))?;
    let mut stage = Stage::set("voicemail_by_mail", block)?;
    let taken = std::thread::spawn(move || mails(&post, 2));
    stage.call().await?;
    stage.over()?;
    let Ok(mails) = taken.join() else { anyhow::bail!("the mail server broke") };
    let mails = mails?;
    let about = |subject: &str| mails.iter().find(|mail| mail.contains(subject));
    let message = about("Subject: Voice message from Carl Contact").context("the message")?;
    ensure!(message.contains("To: ana@tandem.test"), "{message}");
    ensure!(message.contains("Content-Disposition: attachment"), "{message}");
    // The beginning of a WAV file in base64.
    ensure!(message.contains("UklGR"), "{message}");
    let missed = about("Subject: Missed call from Carl Contact").context("the missed call")?;
    ensure!(missed.contains("To: ana@tandem.test"), "{missed}");
    stage.finish().await
}

/// The first mails that a mail server gets; it takes all that it is told.
fn mails(post: &TcpListener, count: usize) -> anyhow::Result<Vec<String>> {
    let mut mails = Vec::new();
    while mails.len() < count {
        let (stream, _) = post.accept()?;
        let mut lines = BufReader::new(&stream).lines();
        write!(&stream, "220 tandem.test\r\n")?;
        while mails.len() < count {
            let Some(line) = lines.next() else { break };
            if line? != "DATA" {
                write!(&stream, "250 yes\r\n")?;
                continue;
            }
            write!(&stream, "354 go on\r\n")?;
            let mut mail = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                mail += &line;
                mail.push('\n');
            }
            mails.push(mail);
            write!(&stream, "250 taken\r\n")?;
        }
    }
    Ok(mails)
}

const LINES: &str = "SELECT value ->> 'rule', value ->> 'subject', value ->> 'verdict' \
                     FROM routing_decision, json_each(lines) ORDER BY seq, key";

#[tokio::test]
async fn what_is_explained_beforehand_is_what_is_kept_with_the_call() -> anyhow::Result<()> {
    let mut stage = Stage::set("menu_option", Block(123))?;
    stage.call().await?;
    stage.over()?;
    stage.until("SELECT 1 FROM call WHERE state = 'finished'").await?;
    let mut database = Database::open(&stage.host.database()).await?;
    let kept = database.lines(LINES).await?;
    ensure!(kept.len() > 3, "{kept:?}");
    let calls = database.lines("SELECT id FROM call").await?;
    let answer = stage.host.get(&format!("/api/v1/calls/{}/decisions", calls[0]))?;
    let (_, body) = answer.split_once("\r\n\r\n").context("a body")?;
    ensure!(lines(&serde_json::from_str(body)?) == kept, "{answer}\n{kept:#?}");
    let question = ["--from", "+15557770002", "--to", "+15550200002", "--digits", "2"];
    let answered = ["--answered-by", "dan", "--json"];
    let said = stage.host.ask(&[&["route", "explain"], &question[..], &answered[..]].concat())?;
    ensure!(said.status.success(), "{said:?}");
    let said: Value = serde_json::from_slice(&said.stdout)?;
    // The call has moved the cursor of the group, which is now at who answered it.
    let lines = lines(&said["decisions"]).into_iter().map(|line| line.replace(", after u-dan", ""));
    ensure!(lines.eq(kept.iter().cloned()), "{said:#}\n{kept:#?}");
    ensure!(said["end"]["user"] == "u-dan", "{said:#}");
    stage.finish().await
}

/// Decisions as rows are read.
fn lines(decisions: &Value) -> Vec<String> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let line = |line| ["rule", "subject", "verdict"].map(|key| text(line, key)).join("|");
    decisions.as_array().into_iter().flatten().map(line).collect()
}

#[tokio::test]
async fn a_route_is_explained_in_words_and_nothing_is_written() -> anyhow::Result<()> {
    let stage = Stage::set("time_routing_holiday", Block(124))?;
    let question = ["route", "explain", "--from", "+15557770001", "--at", "2026-03-29T02:30"];
    let said = stage.host.ask(&[&question[..], &["--to", "+15550200002"]].concat())?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    ensure!(said.status.success(), "{said:?}");
    for words in ["2026-03-29 02:30:00", "ivr-menu", "all year", "ivr-closed", "over: missed"] {
        ensure!(text.contains(words), "{words} in {text}");
    }
    let wrong = stage.host.ask(&[&question[..], &["--to", "+15559999999"]].concat())?;
    ensure!(wrong.status.code() == Some(0) || wrong.status.code() == Some(2), "{wrong:?}");
    let wrong = stage.host.ask(&[&question[..], &["--to", "nobody"]].concat())?;
    ensure!(wrong.status.code() == Some(2), "{wrong:?}");
    let errors = String::from_utf8_lossy(&wrong.stderr).into_owned();
    ensure!(errors.contains("--to: `nobody` is no number and no user"), "{errors}");
    stage.host.signal("TERM")?;
    let mut database = Database::open(&stage.host.database()).await?;
    ensure!(database.rows("SELECT id FROM call").await?.is_empty());
    Ok(())
}
