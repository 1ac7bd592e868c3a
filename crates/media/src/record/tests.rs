//! Recordings on real files, on full and stalled disks, and after a kill.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use call::port::{MediaEvent, RecordingFormat, RecordingId};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::folder::{Disk, RecordFile, Storage};
use super::*;

/// A file system with so many bytes left.
#[derive(Clone)]
struct Scarce {
    left: Arc<AtomicU64>,
    /// What a file is told to wait for before it writes.
    gate: Option<Arc<Mutex<Receiver<()>>>>,
    free: u64,
}

#[derive(Clone)]
struct ScarceFile {
    file: Arc<File>,
    disk: Scarce,
}

impl Scarce {
    fn with(left: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(left)), gate: None, free: u64::MAX }
    }
}

impl Storage for Scarce {
    type File = ScarceFile;

    fn create(&mut self, path: &Path) -> io::Result<ScarceFile> {
        Ok(ScarceFile { file: Disk.create(path)?, disk: self.clone() })
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free)
    }
}

impl Write for ScarceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(gate) = &self.disk.gate {
            let _ = gate.lock().unwrap().recv();
        }
        let (at, end) = (self.file.stream_position()?, self.file.metadata()?.len());
        // What is there already is written over, full disk or not.
        let inside = (end - at).min(bytes.len() as u64);
        let left = self.disk.left.load(Ordering::Relaxed);
        let may = (inside + left).min(bytes.len() as u64);
        if may == 0 && !bytes.is_empty() {
            return Err(io::Error::from_raw_os_error(28));
        }
        self.disk.left.fetch_sub(may - inside.min(may), Ordering::Relaxed);
        self.file.write(&bytes[..may as usize])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for ScarceFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for ScarceFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl RecordFile for ScarceFile {
    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }
}

/// A disk that is full from the beginning.
struct Full;

impl Storage for Full {
    type File = Arc<File>;

    fn create(&mut self, path: &Path) -> io::Result<Arc<File>> {
        File::create(path)?;
        Ok(Arc::new(File::options().read(true).write(true).open("/dev/full")?))
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

/// Notes which files it was given.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(PathBuf, String)>>>);

impl Vault for Notes {
    fn keep(&mut self, local: &Path, name: &str) -> io::Result<()> {
        self.0.lock().unwrap().push((local.to_owned(), name.to_owned()));
        Err(ErrorKind::ConnectionRefused.into())
    }
}

struct Studio {
    folder: TempDir,
    recorder: Recorder,
    events: Receiver<MediaEvent>,
    vault: Notes,
}

fn studio(storage: impl Storage, change: impl FnOnce(&mut RecordConfig)) -> Studio {
    let folder = tempfile::tempdir().unwrap();
    let mut config =
        RecordConfig { folder: folder.path().join("recordings"), ..RecordConfig::default() };
    change(&mut config);
    fs::create_dir_all(&config.folder).unwrap();
    let (sender, events): (SyncSender<MediaEvent>, _) = sync_channel(64);
    let vault = Notes::default();
    let report = Arc::new(move |event| sender.send(event).unwrap());
    let recorder = Recorder::start_with(config, storage, Box::new(vault.clone()), report).unwrap();
    Studio { folder, recorder, events, vault }
}

impl Studio {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("recordings").join(name)
    }

    /// The next event; each one but the last needs no end of the recorder.
    fn event(&self) -> MediaEvent {
        self.events.recv_timeout(std::time::Duration::from_secs(20)).unwrap()
    }

    fn failure(&self) -> (RecordingId, String) {
        let event = self.event();
        let MediaEvent::RecordingFailed { recording, cause } = event else { panic!("{event:?}") };
        (recording, cause.to_string())
    }

    fn recorded(&self) -> (RecordingId, u64, u64, Option<Arc<str>>) {
        let event = self.event();
        let MediaEvent::Recorded { recording, duration_ms, bytes, sha256 } = event else {
            panic!("{event:?}")
        };
        (recording, duration_ms, bytes, sha256)
    }
}

fn id(name: &str) -> RecordingId {
    RecordingId(name.into())
}

/// 20 ms of a tone, so that one frame follows on the other.
fn frame(hertz: f64, rate: u32, number: u32) -> Vec<i16> {
    let length = rate / 50;
    let step = hertz * std::f64::consts::TAU / f64::from(rate);
    (number * length..(number + 1) * length)
        .map(|at| ((f64::from(at) * step).sin() * 8_000.0) as i16)
        .collect()
}

/// How strong a tone is (Goertzel).
fn level(sound: &[i16], hertz: f64, rate: u32) -> f64 {
    let step = hertz * std::f64::consts::TAU / f64::from(rate);
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, &sample) in sound.iter().enumerate() {
        real += f64::from(sample) * (step * at as f64).cos();
        imaginary += f64::from(sample) * (step * at as f64).sin();
    }
    f64::hypot(real, imaginary) * 2.0 / sound.len() as f64
}

fn sides(path: &Path) -> [Vec<i16>; 2] {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().channels, 2);
    let mut sides = [Vec::new(), Vec::new()];
    for (at, sample) in reader.samples().enumerate() {
        sides[at % 2].push(sample.unwrap());
    }
    sides
}

fn sum(path: &Path) -> String {
    let digest = Sha256::digest(fs::read(path).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn each_side_has_its_channel_and_the_figures_are_those_of_the_file() {
    for rate in [8_000, 16_000] {
        let mut studio = studio(Disk, |_| {});
        studio.recorder.begin(
            &id("c-r1"),
            "2026/01/05/c-r1",
            RecordingFormat::Wav,
            (rate, Channels::Two),
        );
        for number in 0..101 {
            let (left, right) = (frame(440.0, rate, number), frame(1_000.0, rate, number));
            studio.recorder.write(&id("c-r1"), &left, &right);
        }
        studio.recorder.end(&id("c-r1"));
        let (recording, duration_ms, bytes, sha256) = studio.recorded();
        let path = studio.path("2026/01/05/c-r1.wav");
        assert_eq!((recording, duration_ms), (id("c-r1"), 2_020));
        assert_eq!(bytes, fs::metadata(&path).unwrap().len());
        assert_eq!(sha256.as_deref(), Some(&*sum(&path)));
        let [left, right] = sides(&path);
        assert_eq!((left.len(), right.len()), (rate as usize * 101 / 50, rate as usize * 101 / 50));
        for (side, own, other) in [(&left, 440.0, 1_000.0), (&right, 1_000.0, 440.0)] {
            assert!(level(side, own, rate) > 7_900.0);
            assert!(level(side, other, rate) < 80.0);
        }
    }
}

#[test]
fn one_side_is_one_channel_and_another_that_comes_later_is_mixed_in() {
    let (mut studio, rate) = (studio(Disk, |_| {}), 8_000);
    for (format, name) in [(RecordingFormat::Wav, "m.wav"), (RecordingFormat::Opus, "m.opus")] {
        studio.recorder.begin(&id("m"), "voicemail/m", format, (rate, Channels::One));
        for number in 0..100 {
            let right = if number < 50 { Vec::new() } else { frame(1_000.0, rate, number) };
            studio.recorder.write(&id("m"), &frame(440.0, rate, number), &right);
        }
        studio.recorder.end(&id("m"));
        let (_, duration_ms, bytes, sha256) = studio.recorded();
        let path = studio.path(&format!("voicemail/{name}"));
        assert_eq!((duration_ms, sha256.as_deref()), (2_000, Some(sum(&path).as_str())));
        let file = fs::read(&path).unwrap();
        assert_eq!(bytes, file.len() as u64);
        let sound = match format {
            RecordingFormat::Wav => audio::wav::Sound::read(&file, Default::default()).unwrap(),
            RecordingFormat::Opus => audio::ogg::read(&file, rate, Default::default()).unwrap(),
        };
        let (first, second) = sound.pcm.split_at(8_000);
        let (own, other) = (level(first, 440.0, rate), level(first, 1_000.0, rate));
        assert!(own > 100.0 * other, "{own} {other}");
        let (own, other) = (level(second, 440.0, rate), level(second, 1_000.0, rate));
        assert!((0.8..1.25).contains(&(own / other)), "{own} {other}");
    }
}

#[test]
fn opus_is_recorded_too() {
    let mut studio = studio(Disk, |_| {});
    studio.recorder.begin(&id("o"), "o", RecordingFormat::Opus, (16_000, Channels::Two));
    for number in 0..75 {
        let left = frame(440.0, 16_000, number);
        studio.recorder.write(&id("o"), &left, &[]);
    }
    studio.recorder.end(&id("o"));
    let (_, duration_ms, bytes, sha256) = studio.recorded();
    let path = studio.path("o.opus");
    assert_eq!((duration_ms, bytes), (1_500, fs::metadata(&path).unwrap().len()));
    assert_eq!(sha256.as_deref(), Some(&*sum(&path)));
    let again = recover(&studio.path(""), ["o.opus"]);
    let recovered = again[0].1.as_ref().unwrap();
    assert_eq!((recovered.duration_ms, &*recovered.sha256), (1_500, &*sum(&path)));
}

#[test]
fn files_are_private() {
    let mut studio = studio(Disk, |_| {});
    studio.recorder.begin(&id("p"), "a/b/p", RecordingFormat::Wav, (8_000, Channels::Two));
    studio.recorder.end(&id("p"));
    assert_eq!(studio.recorded().1, 0);
    let mode = |name: &str| fs::metadata(studio.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a"), mode("a/b"), mode("a/b/p.wav")), (0o700, 0o700, 0o600));
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let mut studio = studio(Disk, |_| {});
    for name in ["../x", "/tmp/x", "a/../../x", "", ".", "a\\b", "./x"] {
        studio.recorder.begin(&id(name), name, RecordingFormat::Wav, (8_000, Channels::Two));
        let expected = (id(name), "its file name is not allowed".to_owned());
        assert_eq!(studio.failure(), expected, "{name}");
        studio.recorder.end(&id(name));
        assert_eq!(studio.recorded(), (id(name), 0, 0, None));
    }
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let mut studio = studio(Disk, |_| {});
    fs::write(studio.path("x.wav"), "here").unwrap();
    studio.recorder.begin(&id("x"), "x", RecordingFormat::Wav, (8_000, Channels::Two));
    assert_eq!(studio.failure().1, "its file is there already");
    studio.recorder.write(&id("x"), &[1; 160], &[1; 160]);
    studio.recorder.end(&id("x"));
    assert_eq!(studio.recorded(), (id("x"), 0, 0, None));
    assert_eq!(fs::read(studio.path("x.wav")).unwrap(), b"here");
}

#[test]
fn a_full_disk_fails_once_and_leaves_a_file_that_plays() {
    for format in [RecordingFormat::Wav, RecordingFormat::Opus] {
        for left in [4_000, 12_345, 40_001] {
            let left = if format == RecordingFormat::Opus { left / 4 } else { left };
            let mut studio = studio(Scarce::with(left), |config| config.patience_s = 60);
            studio.recorder.begin(&id("f"), "f", format, (8_000, Channels::Two));
            for number in 0..400 {
                let left = frame(440.0, 8_000, number);
                studio.recorder.write(&id("f"), &left, &frame(1_000.0, 8_000, number));
            }
            assert_eq!(studio.failure(), (id("f"), "the disk is full".to_owned()));
            // The file plays before the recording is over.
            let path = studio.path(&format!("f.{}", extension(format)));
            studio.recorder.end(&id("f"));
            let (_, duration_ms, bytes, sha256) = studio.recorded();
            assert_eq!(bytes, fs::metadata(&path).unwrap().len());
            assert!(bytes <= left && sha256.as_deref() == Some(&*sum(&path)));
            if format == RecordingFormat::Wav {
                assert_eq!(bytes, left / 4 * 4);
                let [left, right] = sides(&path);
                assert_eq!(left.len() as u64 / 8, duration_ms);
                if left.len() > 4_000 {
                    assert!(level(&left, 440.0, 8_000) > 7_800.0);
                    assert!(level(&right, 1_000.0, 8_000) > 7_800.0);
                }
            } else {
                // How much of it is pages that fit depends on when the disk's thread woke.
                assert!(duration_ms < 8_000, "{duration_ms} ms in {bytes} bytes");
            }
            assert!(studio.events.try_recv().is_err());
        }
    }
}

#[test]
fn the_kernel_s_word_for_a_full_disk_is_understood() {
    let mut studio = studio(Full, |_| {});
    studio.recorder.begin(&id("f"), "f", RecordingFormat::Wav, (8_000, Channels::Two));
    assert_eq!(studio.failure().1, "the disk is full");
    studio.recorder.end(&id("f"));
    assert_eq!(studio.recorded(), (id("f"), 0, 0, None));
    assert!(!studio.path("f.wav").exists());
}

#[test]
fn nothing_begins_on_a_disk_that_is_nearly_full() {
    let scarce = Scarce { free: 99 << 20, ..Scarce::with(u64::MAX) };
    let mut studio = studio(scarce, |_| {});
    studio.recorder.begin(&id("f"), "f", RecordingFormat::Wav, (8_000, Channels::Two));
    assert_eq!(
        studio.failure().1,
        "only 99 MiB of the disk are free, less than the 100 MiB that are kept free"
    );
    assert!(!studio.path("f.wav").exists());
    assert!(Disk.free_bytes(&studio.path("not/there/yet")).unwrap() > 0);
}

#[test]
fn a_disk_that_does_not_answer_costs_sound_and_not_time() {
    let (open, gate) = sync_channel(0);
    let gate = Some(Arc::new(Mutex::new(gate)));
    let scarce = Scarce { gate, ..Scarce::with(u64::MAX) };
    let mut studio = studio(scarce, |config| config.patience_s = 1);
    studio.recorder.begin(&id("s"), "s", RecordingFormat::Wav, (8_000, Channels::Two));
    // A second is on its way and a second is dropped before it is given up.
    for number in 0..120 {
        let sound = frame(440.0, 8_000, number);
        studio.recorder.write(&id("s"), &sound, &sound);
    }
    assert_eq!(studio.failure(), (id("s"), "the disk does not keep up".to_owned()));
    studio.recorder.end(&id("s"));
    drop(open);
    assert_eq!(studio.recorded().1, 1_000);
    assert!(studio.events.try_recv().is_err());
    assert!(level(&sides(&studio.path("s.wav"))[0], 440.0, 8_000) > 7_900.0);
}

#[test]
fn what_was_dropped_is_silent_and_the_rest_stays_in_time() {
    let (open, gate) = sync_channel(0);
    let gate = Some(Arc::new(Mutex::new(gate)));
    let scarce = Scarce { gate, ..Scarce::with(u64::MAX) };
    let mut studio = studio(scarce, |config| config.patience_s = 1);
    studio.recorder.begin(&id("s"), "s", RecordingFormat::Wav, (8_000, Channels::Two));
    for _ in 0..75 {
        studio.recorder.write(&id("s"), &[1; 160], &[1; 160]);
    }
    drop(open);
    // It is awake again when it has taken a block of what waits.
    let on_their_way = studio.recorder.blocks_on_their_way();
    while on_their_way() > 0 {
        std::thread::yield_now();
    }
    for _ in 0..40 {
        studio.recorder.write(&id("s"), &[2; 160], &[2; 160]);
    }
    studio.recorder.end(&id("s"));
    assert_eq!(studio.recorded().1, 2_300);
    let [left, _] = sides(&studio.path("s.wav"));
    let count = |value| left.iter().filter(|&&sample| sample == value).count();
    assert_eq!((count(1), count(0), count(2)), (8_800, 3_200, 6_400));
}

#[test]
fn recordings_have_a_limit() {
    let mut studio = studio(Disk, |_| {});
    studio.recorder.pretend_open(2_048);
    studio.recorder.begin(&id("m"), "m", RecordingFormat::Wav, (8_000, Channels::Two));
    assert_eq!(studio.failure().1, "more than 2048 recordings at a time");
    studio.recorder.end(&id("m"));
    assert_eq!(studio.recorded(), (id("m"), 0, 0, None));
}

#[test]
fn dropping_the_recorder_closes_everything() {
    let mut studio = studio(Disk, |_| {});
    for name in ["a", "b", "c"] {
        studio.recorder.begin(&id(name), name, RecordingFormat::Wav, (8_000, Channels::Two));
        studio.recorder.begin(
            &id(name),
            "elsewhere",
            RecordingFormat::Opus,
            (16_000, Channels::Two),
        );
        studio.recorder.write(&id(name), &[1; 160], &[2; 100]);
    }
    studio.recorder.write(&id("d"), &[1; 160], &[2; 160]);
    studio.recorder.end(&id("d"));
    let Studio { folder, recorder, events, vault } = studio;
    drop(recorder);
    let closed: Vec<MediaEvent> = events.try_iter().collect();
    assert_eq!(closed.len(), 3);
    for name in ["a.wav", "b.wav", "c.wav"] {
        let [left, right] = sides(&folder.path().join("recordings").join(name));
        assert_eq!((left.len(), right[99], right[100]), (160, 2, 0));
    }
    let kept: Vec<String> = vault.0.lock().unwrap().iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(kept, ["a.wav", "b.wav", "c.wav"]);
}

#[test]
fn what_a_killed_server_leaves_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let sound: Vec<i16> = (0..8_000).flat_map(|at| [at as i16, 1]).collect();
    let mut file = Disk.create(&folder.path().join("day/k.wav")).unwrap();
    let mut writer = audio::wav::Writer::new(file.clone(), 8_000).unwrap();
    writer.write(&sound).unwrap();
    writer.checkpoint().unwrap();
    writer.write(&sound[..8_000]).unwrap();
    // Killed in the middle of a write.
    std::mem::forget(writer);
    file.write_all(&[1, 2, 3]).unwrap();
    // A voice message has one channel.
    let message = Disk.create(&folder.path().join("voicemail/m.wav")).unwrap();
    let mut writer = audio::wav::Writer::mono(message, 8_000).unwrap();
    writer.write(&[1; 12_000]).unwrap();
    std::mem::forget(writer);
    fs::write(folder.path().join("junk.wav"), "nothing").unwrap();
    std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
    let recovered = recover(folder.path(), ["voicemail/m.wav"]);
    let message = recovered[0].1.as_ref().unwrap();
    assert_eq!((message.duration_ms, message.bytes), (1_500, 44 + 12_000 * 2));
    let names = ["day/k.wav", "gone.wav", "junk.wav", "../x.wav", "out/passwd", "day"];
    let outcomes = recover(folder.path(), names);
    let recovered = outcomes[0].1.as_ref().unwrap();
    assert_eq!((recovered.duration_ms, recovered.bytes), (1_500, 44 + 12_000 * 4));
    let path = folder.path().join("day/k.wav");
    assert_eq!(&*recovered.sha256, &*sum(&path));
    assert_eq!(sides(&path)[0].len(), 12_000);
    let kinds: Vec<ErrorKind> =
        outcomes[1..].iter().map(|(_, outcome)| outcome.as_ref().unwrap_err().kind()).collect();
    use ErrorKind::{InvalidData, InvalidInput, NotFound};
    assert_eq!(kinds, [NotFound, InvalidData, InvalidInput, InvalidInput, InvalidInput]);
}

#[test]
fn only_files_of_the_folder_expire() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("recordings");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("old.wav"), "x").unwrap();
    fs::write(outside.path().join("mine.wav"), "x").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.join("link")).unwrap();
    expire(&folder, "old.wav").unwrap();
    expire(&folder, "old.wav").unwrap();
    assert!(!folder.join("old.wav").exists());
    for name in ["../mine.wav", "link/mine.wav", "link", "/etc/hostname", ""] {
        assert_eq!(expire(&folder, name).unwrap_err().kind(), ErrorKind::InvalidInput, "{name}");
    }
    assert!(outside.path().join("mine.wav").exists());
}

/// Names the folder in which a child of this test records until it is killed.
const CHILD: &str = "TANDEM_TEST_RECORDS_IN";

/// Not a test by itself: what the test below starts and kills.
#[test]
fn a_child_records_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let config = RecordConfig { folder: folder.into(), ..RecordConfig::default() };
    let mut recorder = Recorder::start(config, |event| panic!("{event:?}")).unwrap();
    recorder.begin(&id("k"), "k", RecordingFormat::Wav, (8_000, Channels::Two));
    recorder.begin(&id("o"), "o", RecordingFormat::Opus, (8_000, Channels::Two));
    for number in 0.. {
        let (left, right) = (frame(440.0, 8_000, number), frame(1_000.0, 8_000, number));
        recorder.write(&id("k"), &left, &right);
        recorder.write(&id("o"), &left, &right);
        // As slow as the disk thread: nothing is dropped.
        let on_their_way = recorder.blocks_on_their_way();
        while on_their_way() > 5 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_process_killed_while_it_records_leaves_files_that_play() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "record::tests::a_child_records_until_it_is_killed"])
        .env(CHILD, folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let wav = folder.path().join("k.wav");
    let length = || fs::metadata(&wav).map_or(0, |file| file.len());
    while length() < 200_000 {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // As it is: to the last checkpoint at least.
    let before = hound::WavReader::open(&wav).unwrap().duration();
    let outcomes = recover(folder.path(), ["k.wav", "o.opus"]);
    let [wav_file, opus_file] = [0, 1].map(|at| outcomes[at].1.as_ref().unwrap());
    assert!(wav_file.duration_ms >= 6_000 && wav_file.duration_ms >= u64::from(before) / 8);
    assert!(opus_file.duration_ms > 0);
    let [left, right] = sides(&wav);
    assert!(level(&left, 440.0, 8_000) > 7_900.0 && level(&right, 1_000.0, 8_000) > 7_900.0);
    assert_eq!(sum(&wav), *wav_file.sha256);
}
