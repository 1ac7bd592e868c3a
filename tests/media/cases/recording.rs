//! Recordings: both sides, pauses, a server that is killed, a disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use audio::codec::CodecKind;
use audio::score::tone_dbov;
use e2e::host::Block;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::phone::Talker;
use crate::stage::{Setting, Stage, name, number};
use crate::voice::{Voice, tone};

const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_500.0;
const SECRET_HZ: f64 = 2_200.0;
const FOUND_DBOV: f64 = -20.0;
const ABSENT_DBOV: f64 = -45.0;

fn setting(users: u8) -> Setting {
    const NUMBERS: [&str; 2] = ["n-p1", "n-p2"];
    Setting {
        users,
        configuration: "[recording]\nmin_free_mib = 0\n".to_owned(),
        fields: NUMBERS.map(|id| (id, "recording", json!(true))).to_vec(),
        ..Setting::default()
    }
}

async fn talk(stage: &Stage, index: u8, kinds: [CodecKind; 2]) -> anyhow::Result<(Talker, Talker)> {
    let [one, other] = kinds.map(Voice::of);
    let mut caller = stage.outside(index, one).await?;
    let mut agent = stage.agent(index, &name(index), other).await?;
    caller.call("+15557770001", &number(index));
    agent.rings().await?;
    agent.answer().await?;
    caller.answered().await?;
    caller.say(&tone(CALLER_HZ, 1_000));
    agent.say(&tone(AGENT_HZ, 1_000));
    Ok((caller, agent))
}

/// Both channels of a file, with their rate.
fn channels(file: &Path) -> anyhow::Result<(u32, [Vec<i16>; 2])> {
    let reader = hound::WavReader::open(file).with_context(|| file.display().to_string())?;
    let spec = reader.spec();
    ensure!(spec.channels == 2, "{spec:?}");
    let all = reader.into_samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let side = |at: usize| all.iter().skip(at).step_by(2).copied().collect();
    Ok((spec.sample_rate, [side(0), side(1)]))
}

/// The recordings of finished calls, with the number that was called.
async fn rows(stage: &Stage, count: usize, state: &str) -> anyhow::Result<Vec<Value>> {
    let query = format!(
        "SELECT c.to_number, r.* FROM recording r JOIN call c ON c.id = r.call_id \
         WHERE r.state = '{state}' ORDER BY 1"
    );
    stage.rows(&query, count).await
}

fn file(stage: &Stage, row: &Value) -> anyhow::Result<PathBuf> {
    Ok(stage.recordings().join(row["file"].as_str().context("a file")?))
}

fn checksum(file: &Path) -> anyhow::Result<String> {
    let digest = Sha256::digest(std::fs::read(file)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A number whose calls are recorded, a call transcoded and one that is paused for a while.
pub(crate) async fn both_sides_without_what_is_paused() -> anyhow::Result<()> {
    let stage = Stage::set(Block(224), setting(2))?;
    let mut plain = talk(&stage, 1, [CodecKind::Pcmu, CodecKind::Pcmu]).await?;
    let mut paused = talk(&stage, 2, [CodecKind::Pcma, CodecKind::G722]).await?;
    paused.0.speaks(1_000).await?;
    let record = |what: &str| vec![("Record", what.to_owned())];
    let status = paused.1.info(record("pause"), None).await?;
    ensure!(status == 200, "Record: pause got {status}");
    paused.0.say(&tone(SECRET_HZ, 1_000));
    paused.0.speaks(1_000).await?;
    paused.0.say(&tone(CALLER_HZ, 1_000));
    // What is on its way, and what a jitter buffer holds, is part of the pause.
    paused.0.speaks(400).await?;
    let status = paused.1.info(record("resume"), None).await?;
    ensure!(status == 200, "Record: resume got {status}");
    paused.0.speaks(1_000).await?;
    for (caller, agent) in [&mut plain, &mut paused] {
        caller.hang_up();
        agent.ended().await?;
    }
    for (row, whole_ms) in rows(&stage, 2, "done").await?.iter().zip([3_400, 2_000]) {
        let file = file(&stage, row)?;
        let (rate, [left, right]) = channels(&file)?;
        let level = |side: &[i16], hz| tone_dbov(side, rate, hz);
        let found = [level(&left, CALLER_HZ), level(&right, AGENT_HZ)];
        ensure!(found.iter().all(|it| *it > FOUND_DBOV), "{found:?} in {row}");
        let others = [
            level(&left, AGENT_HZ),
            level(&right, CALLER_HZ),
            level(&left, SECRET_HZ),
            level(&right, SECRET_HZ),
        ];
        ensure!(others.iter().all(|it| *it < ABSENT_DBOV), "{others:?} in {row}");
        let ms = i64::try_from(left.len() * 1_000 / rate as usize)?;
        ensure!((ms - whole_ms).abs() < 700, "{ms} ms of {whole_ms} in {row}");
        ensure!((row["duration_ms"].as_i64().context("a duration")? - ms).abs() <= 20, "{row}");
        ensure!(row["bytes"] == std::fs::metadata(&file)?.len(), "{row}");
        ensure!(row["sha256"] == checksum(&file)?, "{row}");
    }
    stage.finish().await
}

/// A server that is killed leaves a file that plays, and says so when it is back.
pub(crate) async fn killed() -> anyhow::Result<()> {
    let mut stage = Stage::set(Block(225), setting(1))?;
    let mut call = talk(&stage, 1, [CodecKind::Pcmu, CodecKind::Pcma]).await?;
    rows_recording(&stage).await?;
    call.0.speaks(3_000).await?;
    stage.host.signal("KILL")?;
    stage.host.wait()?;
    drop(call);
    stage.host.start_again()?;
    let rows = rows(&stage, 1, "interrupted").await?;
    let (rate, [left, right]) = channels(&file(&stage, &rows[0])?)?;
    let ms = left.len() * 1_000 / rate as usize;
    ensure!((1_500..4_500).contains(&ms), "{ms} ms of 3000 in {}", rows[0]);
    ensure!(tone_dbov(&left, rate, CALLER_HZ) > FOUND_DBOV);
    ensure!(tone_dbov(&right, rate, AGENT_HZ) > FOUND_DBOV);
    stage.finish().await
}

/// The server is stopped at once: the last calls' files are closed, and their rows and those of
/// their legs are there before it has ended.
pub(crate) async fn stopped() -> anyhow::Result<()> {
    let mut stage = Stage::set(Block(229), setting(1))?;
    let mut call = talk(&stage, 1, [CodecKind::Pcmu, CodecKind::Pcma]).await?;
    rows_recording(&stage).await?;
    call.0.speaks(1_000).await?;
    // The second one waits for no call.
    stage.host.signal("TERM")?;
    stage.host.signal("INT")?;
    stage.host.wait()?;
    let states = stage.lines("SELECT state FROM recording").await?;
    ensure!(states == ["done"], "{states:?}\n{}", stage.host.log()?);
    let legs = stage.lines("SELECT leg FROM leg_quality WHERE stream = 'received'").await?;
    ensure!(legs.len() == 2, "{legs:?}\n{}", stage.host.log()?);
    let rows = rows(&stage, 1, "done").await?;
    ensure!(rows[0]["sha256"] == json!(checksum(&file(&stage, &rows[0])?)?), "{}", rows[0]);
    Ok(())
}

async fn rows_recording(stage: &Stage) -> anyhow::Result<()> {
    stage.rows("SELECT id FROM recording WHERE state = 'recording'", 1).await.map(drop)
}

/// A file system of its own for recordings; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`: this user may not mount anything.
    fn mount(at: PathBuf) -> anyhow::Result<Option<Self>> {
        std::fs::create_dir_all(&at)?;
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=96k", "tmpfs"]).arg(&at);
        Ok(command.output()?.status.success().then_some(Self(at)))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The disk is full: the call goes on, the recording is kept as far as it got, and somebody is
/// told.
pub(crate) async fn full_disk() -> anyhow::Result<()> {
    let stage = Stage::set(Block(226), setting(1))?;
    let Some(disk) = SmallDisk::mount(stage.recordings())? else {
        println!("not played: only root may mount a file system that is soon full");
        return stage.finish().await;
    };
    let mut call = talk(&stage, 1, [CodecKind::Pcmu, CodecKind::Pcmu]).await?;
    rows_recording(&stage).await?;
    let failed = rows_failed(&stage).await?;
    ensure!(failed["fault"].as_str().is_some_and(|fault| !fault.is_empty()), "{failed}");
    let from = call.1.now();
    call.0.speaks(600).await?;
    let to = call.1.now();
    let heard = call.1.heard().tone(CALLER_HZ, from, to);
    ensure!(heard > FOUND_DBOV, "the call must go on: {heard:.1} dBov");
    call.0.hang_up();
    call.1.ended().await?;
    stage.finished(1).await?;
    let (rate, [left, _]) = channels(&file(&stage, &failed)?)?;
    let ms = left.len() * 1_000 / rate as usize;
    ensure!(ms > 500, "{ms} ms are left of it");
    ensure!(tone_dbov(&left, rate, CALLER_HZ) > FOUND_DBOV);
    stage.metric("tandem_recordings_failed_total", |value| value >= 1.0).await?;
    let log = stage.host.log()?;
    ensure!(log.contains("WARN") && log.contains("recording"), "nobody is told:\n{log}");
    drop(disk);
    stage.finish().await
}

async fn rows_failed(stage: &Stage) -> anyhow::Result<Value> {
    let rows = stage.rows("SELECT * FROM recording WHERE state = 'failed'", 1).await?;
    rows.into_iter().next().context("a row")
}
