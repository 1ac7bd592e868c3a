//! `[media]`, `[prompts]`, `[recording]` and `[quality]`: where packets go, what is played, what is
//! kept, and from when on audio counts as bad (model.md §4.6).

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use call::port::RecordingFormat;
use media::PortRange;

use super::found::{Complaint, Found};
use super::read::{beside, size};
use super::section::Section;
use super::value;

/// `[media]`.
#[derive(Clone, Copy, Debug)]
pub struct Media {
    /// Where RTP is bound; never a wildcard.
    pub address: IpAddr,
    /// Ports for RTP and RTCP.
    pub ports: PortRange,
    /// Silence of both sides after which a call is released.
    pub timeout: Duration,
    /// Port pairs bound ahead of need.
    pub stock: usize,
    /// How long ports rest before they are used again.
    pub rest: Duration,
    /// Differentiated services code point of RTP.
    pub dscp: u8,
    /// What becomes of the digits that people press while they talk.
    pub digits: Digits,
}

/// `[media] digits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// Each is kept as an interaction.
    Kept,
    /// That there was one is kept, not which.
    Masked,
    /// Nothing is kept.
    Dropped,
}

/// `[prompts]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    /// Folder of WAV files; languages are folders in it.
    pub folder: PathBuf,
    /// Folder of music on hold.
    pub music: PathBuf,
    /// Language of texts where an IVR names none.
    pub language: Arc<str>,
    /// Country whose tones are played.
    pub country: Arc<str>,
    /// What speaks a text, with `{text}`, `{language}` and `{out}`; empty: nothing does.
    pub speak: Vec<String>,
    /// What fills `{voice}` of the command.
    pub voice: Arc<str>,
    /// Decoded sound that is kept in memory, MiB.
    pub cache_mib: usize,
    /// What a caller hears who was answered and waits; `None`: silence.
    pub ringback: Option<Arc<str>>,
    /// What a held party hears where its group names nothing; `None`: silence.
    pub music_on_hold: Option<Arc<str>>,
}

/// `[recording]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whether calls are recorded of which number and group say nothing.
    pub all_calls: bool,
    /// How.
    pub format: RecordingFormat,
    /// What both sides hear before it begins.
    pub consent_prompt: Option<Arc<str>>,
    /// Whether a beep tells both that it begins.
    pub beep: bool,
    /// How long files are kept; `None`: for ever.
    pub keep: Option<Duration>,
    /// Free space below which no recording begins, bytes.
    pub min_free_bytes: u64,
}

/// `[quality]`: from when on, and what is critical.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Time of one sample.
    pub sample: Duration,
    /// Average loss over seven samples, percent.
    pub loss_percent: (f64, f64),
    /// Jitter in three samples of five, ms.
    pub jitter_ms: (f64, f64),
    /// Round trip in three samples of five, ms.
    pub rtt_ms: (f64, f64),
    /// Mean opinion score in three samples of five.
    pub mos: (f64, f64),
    /// No RTP from one side while the other is heard.
    pub one_way: Duration,
    /// No RTP from either side.
    pub silence: Duration,
}

/// `[media]` while its address is not yet compared with others.
pub(super) struct ReadMedia {
    pub(super) media: Media,
    pub(super) ports: Option<Found<PortRange>>,
}

pub(super) fn media(section: Section<'_>) -> ReadMedia {
    let address = section.parsed("address", value::own_address);
    let default_ports = PortRange { first: 20_000, last: 29_999 };
    let ports = section.parsed("ports", value::ports);
    let media = Media {
        address: address.map_or(IpAddr::from([127, 0, 0, 1]), |found| found.value),
        ports: ports.as_ref().map_or(default_ports, |found| found.value),
        timeout: Duration::from_secs(section.number("timeout_s", 60, 1..=86_400)),
        stock: size(section.number("stock", 512, 2..=32_768)),
        rest: Duration::from_millis(section.number("rest_ms", 2_000, 0..=60_000)),
        dscp: u8::try_from(section.number("dscp", 46, 0..=63)).unwrap_or(46),
        digits: section.parsed("digits", digits).map_or(Digits::Kept, |found| found.value),
    };
    section.finish();
    ReadMedia { media, ports }
}

pub(super) fn prompts(file: &Path, section: Section<'_>) -> Prompts {
    let folder = |key, default: &str| {
        let named = section.parsed(key, value::path);
        beside(file, named.map_or_else(|| PathBuf::from(default), |path| path.value))
    };
    let speak = section.parsed_list("speak", |word| Ok::<_, Complaint>(word.to_owned()));
    let mut speak: Vec<String> = speak.into_iter().map(|found| found.value).collect();
    if section.is_absent("speak") {
        speak = media::PromptConfig::default().command;
    }
    if !speak.is_empty() && !speak.iter().any(|word| word.contains("{out}")) {
        let remedy = "name the WAV file to write as {out}, e.g. [\"espeak-ng\", \"-w\", \"{out}\", \
                      \"{text}\"]";
        section.refuse("speak", "writes no file", remedy);
    }
    let name = |key, default: Option<&str>| -> Option<Arc<str>> {
        let found = section.parsed(key, prompt);
        found.map_or_else(|| default.map(Arc::from), |found| found.value)
    };
    let prompts = Prompts {
        folder: folder("folder", "prompts"),
        music: folder("music", "prompts/music"),
        language: section.parsed("language", language).map_or("en".into(), |found| found.value),
        country: section.parsed("country", country).map_or("us".into(), |found| found.value),
        speak,
        voice: section.parsed("voice", voice).map_or("".into(), |found| found.value),
        cache_mib: size(section.number("cache_mib", 256, 1..=65_536)),
        ringback: name("ringback", Some("tone:ringback")),
        music_on_hold: name("music_on_hold", None),
    };
    section.finish();
    prompts
}

pub(super) fn recording(section: Section<'_>) -> Recording {
    let calls = section.parsed("calls", |text| match text {
        "chosen" => Ok(false),
        "all" => Ok(true),
        _ => Err(choice(text, "\"chosen\" (by number, group or call) or \"all\"")),
    });
    let format = section.parsed("format", |text| match text {
        "wav" => Ok(RecordingFormat::Wav),
        "opus" => Ok(RecordingFormat::Opus),
        _ => Err(choice(text, "\"wav\" or \"opus\"")),
    });
    let keep_days = section.number("keep_days", 0, 0..=36_500);
    let recording = Recording {
        all_calls: calls.is_some_and(|found| found.value),
        format: format.map_or(RecordingFormat::Wav, |found| found.value),
        consent_prompt: section.parsed("consent_prompt", prompt).and_then(|found| found.value),
        beep: section.flag("beep", false),
        keep: (keep_days > 0).then(|| Duration::from_secs(keep_days * 86_400)),
        min_free_bytes: section.number("min_free_mib", 100, 0..=1_048_576) << 20,
    };
    section.finish();
    recording
}

pub(super) fn quality(section: Section<'_>) -> Quality {
    let quality = Quality {
        sample: Duration::from_millis(section.number("sample_ms", 5_000, 500..=60_000)),
        loss_percent: (
            section.decimal("loss_percent", 3.0, 0.1..=100.0),
            section.decimal("loss_critical_percent", 10.0, 0.1..=100.0),
        ),
        jitter_ms: (
            section.decimal("jitter_ms", 30.0, 1.0..=10_000.0),
            section.decimal("jitter_critical_ms", 100.0, 1.0..=10_000.0),
        ),
        rtt_ms: (
            section.decimal("rtt_ms", 400.0, 1.0..=60_000.0),
            section.decimal("rtt_critical_ms", 800.0, 1.0..=60_000.0),
        ),
        mos: (
            section.decimal("mos", 3.5, 1.0..=4.5),
            section.decimal("mos_critical", 2.5, 1.0..=4.5),
        ),
        one_way: Duration::from_millis(section.number("one_way_ms", 5_000, 500..=600_000)),
        silence: Duration::from_millis(section.number("silence_ms", 10_000, 500..=600_000)),
    };
    for (key, (warning, critical)) in [
        ("loss_critical_percent", quality.loss_percent),
        ("jitter_critical_ms", quality.jitter_ms),
        ("rtt_critical_ms", quality.rtt_ms),
        // The lower the worse.
        ("mos_critical", (quality.mos.1, quality.mos.0)),
    ] {
        if critical < warning {
            section.refuse(key, "is less bad than the warning", "make it worse, or leave it out");
        }
    }
    section.finish();
    quality
}

fn digits(text: &str) -> Result<Digits, Complaint> {
    match text {
        "kept" => Ok(Digits::Kept),
        "masked" => Ok(Digits::Masked),
        "dropped" => Ok(Digits::Dropped),
        _ => Err(choice(text, "\"kept\", \"masked\" or \"dropped\"")),
    }
}

/// A file, a tone, music or a text; empty: nothing.
fn prompt(text: &str) -> Result<Option<Arc<str>>, Complaint> {
    if text.chars().count() > 2_000 {
        return Err(Complaint::new("is too long to be spoken", "write at most 2000 characters"));
    }
    Ok((!text.trim().is_empty()).then(|| text.into()))
}

fn language(text: &str) -> Result<Arc<str>, Complaint> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (2..=35).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text.into());
    }
    let cause = format!("`{text}` is no language");
    Err(Complaint::new(cause, "write a tag of BCP 47, e.g. \"en\" or \"de\""))
}

fn voice(text: &str) -> Result<Arc<str>, Complaint> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte);
    if text.len() <= 64 && text.bytes().all(allowed) {
        return Ok(text.into());
    }
    let cause = format!("`{text}` is no voice");
    Err(Complaint::new(cause, "use at most 64 letters, digits, `-`, `_`, `+` and `.`"))
}

fn country(text: &str) -> Result<Arc<str>, Complaint> {
    let known = ["us", "gb", "de", "fr", "eu"];
    let lower = text.to_ascii_lowercase();
    if known.contains(&&*lower) {
        return Ok(lower.into());
    }
    Err(choice(text, "one of \"us\", \"gb\", \"de\", \"fr\", \"eu\""))
}

/// What is written where one of a few words has to stand.
pub(super) fn choice(text: &str, choices: &str) -> Complaint {
    Complaint::new(format!("`{text}` is not known"), format!("write {choices}"))
}
