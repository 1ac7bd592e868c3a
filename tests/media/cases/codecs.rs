//! Every codec with every other, both ways, over good ways and bad ones: what is said on one side
//! is heard on the other, and how late.

use anyhow::ensure;
use audio::codec::CodecKind;
use e2e::host::Block;

use crate::heard::own_lateness;
use crate::phone::{Talker, Way};
use crate::road::Trouble;
use crate::stage::{Setting, Stage, name, number};
use crate::voice::{Speech, Voice, pulses};

/// What the caller says and what the agent does.
const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_500.0;
/// A pulsed tone is half there, and what hides a lost packet is softer than it.
const FOUND_DBOV: f64 = -25.0;
const ABSENT_DBOV: f64 = -45.0;
const TALK_MS: u64 = 4_200;

struct Pair {
    caller: Talker,
    agent: Talker,
    loss_percent: f64,
}

impl Pair {
    async fn talk(
        stage: &Stage,
        index: u8,
        voices: [CodecKind; 2],
        loss: f64,
    ) -> anyhow::Result<Self> {
        let [caller, agent] = voices.map(Voice::of);
        let mut caller = stage.outside(index, caller).await?;
        let mut agent = stage.agent(index, &name(index), agent).await?;
        caller.call("+15557770001", &number(index));
        agent.rings().await?;
        agent.answer().await?;
        caller.answered().await?;
        for talker in [&caller, &agent] {
            talker.trouble(Way::Up, Trouble { loss_percent: loss, ..Trouble::default() });
        }
        Ok(Self { caller, agent, loss_percent: loss })
    }

    /// What one heard of the other: how late, and what was wrong with it.
    fn heard(&self, hears: &Talker, says: &Talker, hz: [f64; 2]) -> (Vec<f64>, Option<String>) {
        let heard = hears.heard();
        let sound = heard.all();
        let level = |hz| audio::score::tone_dbov(&sound, crate::voice::RATE, hz);
        let (wanted, own) = (level(hz[0]), level(hz[1]));
        let good = wanted > FOUND_DBOV && own < ABSENT_DBOV;
        let wrong = (!good).then(|| {
            format!(
                "{:?} from {:?} at {} % loss: {} Hz at {wanted:.1} dBov, {} Hz at {own:.1}, \
                 {} packets",
                hears.voice.kind,
                says.voice.kind,
                self.loss_percent,
                hz[0],
                hz[1],
                heard.packets().len()
            )
        });
        (heard.lateness(&says.seen().sounds.said), wrong)
    }
}

pub(crate) async fn every_pair() -> anyhow::Result<()> {
    let mut pairs = Vec::new();
    for (at, one) in CodecKind::ALL.into_iter().enumerate() {
        pairs.extend(CodecKind::ALL[at..].iter().map(|other| ([one, *other], 0.0)));
    }
    talk("clean", Block(220), &pairs).await
}

pub(crate) async fn every_pair_with_loss() -> anyhow::Result<()> {
    let mut pairs = Vec::new();
    for (at, one) in CodecKind::ALL.into_iter().enumerate() {
        for other in &CodecKind::ALL[at + 1..] {
            pairs.extend([([one, *other], 1.0), ([one, *other], 5.0)]);
        }
    }
    talk("lossy", Block(221), &pairs).await
}

async fn talk(title: &str, block: Block, pairs: &[([CodecKind; 2], f64)]) -> anyhow::Result<()> {
    let count = u8::try_from(pairs.len())?;
    let stage = Stage::set(block, Setting { users: count, ..Setting::default() })?;
    let speeches = |hz| CodecKind::ALL.map(|kind| Speech::of(kind, &pulses(hz, 10)));
    let (callers, agents) = (speeches(CALLER_HZ), speeches(AGENT_HZ));
    let place = |kind| CodecKind::ALL.iter().position(|it| *it == kind).unwrap_or_default();
    let mut calls = Vec::new();
    for (index, (kinds, loss)) in (1..=count).zip(pairs) {
        calls.push(Pair::talk(&stage, index, *kinds, *loss).await?);
    }
    for call in &calls {
        call.caller.say_speech(callers[place(call.caller.voice.kind)].clone());
        call.agent.say_speech(agents[place(call.agent.voice.kind)].clone());
    }
    for call in &mut calls {
        if call.caller.seen().sounds.said.len() * 20 < usize::try_from(TALK_MS)? {
            call.caller.speaks(TALK_MS).await?;
        }
    }
    for call in &mut calls {
        call.caller.hang_up();
        call.agent.ended().await?;
    }
    stage.finished(calls.len()).await?;
    let kinds = CodecKind::ALL.into_iter().zip(&callers);
    let owns: Vec<f64> = kinds.map(|(kind, it)| own_lateness(Voice::of(kind), it)).collect();
    let mut wrong = Vec::new();
    let mut late = [Vec::new(), Vec::new()];
    for call in &calls {
        let Pair { caller, agent, loss_percent } = call;
        for (hears, says, hz) in
            [(agent, caller, [CALLER_HZ, AGENT_HZ]), (caller, agent, [AGENT_HZ, CALLER_HZ])]
        {
            let (mut found, trouble) = call.heard(hears, says, hz);
            // What the two phones make later by themselves is not the server's.
            let own = [hears, says].map(|it| owns[place(it.voice.kind)]);
            found.iter_mut().for_each(|late| *late -= (own[0] + own[1]) / 2.0);
            println!(
                "{:?} to {:?}, {loss_percent} % loss: {}",
                says.voice.kind,
                hears.voice.kind,
                figures(&found)
            );
            wrong.extend(trouble);
            let transcoded = hears.voice.kind != says.voice.kind;
            late[usize::from(transcoded)].extend(found);
        }
    }
    println!("{title}: relayed {}; transcoded {}", figures(&late[0]), figures(&late[1]));
    ensure!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), stage.host.log()?);
    stage.finish().await
}

/// The median and the worst of a hundred.
fn figures(late: &[f64]) -> String {
    let mut late = late.to_vec();
    late.sort_by(f64::total_cmp);
    let at = |part: f64| late.get(((late.len() as f64 - 1.0) * part).round() as usize);
    match (at(0.5), at(0.99)) {
        (Some(half), Some(most)) => {
            format!("{half:.1} ms p50, {most:.1} ms p99 of {}", late.len())
        }
        _ => "nothing".to_owned(),
    }
}
