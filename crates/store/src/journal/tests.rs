//! The journal survives torn, rotten and refused writes, and rotation (model.md §7.7).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;
use crate::testing::scripts;

fn read_all(directory: &Path) -> Vec<(u64, Recorded)> {
    let events = RefCell::new(Vec::new());
    segments::read(directory, Position(0), |position, event| {
        events.borrow_mut().push((position.0, event));
    })
    .expect("a journal");
    events.into_inner()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

const SMALL: JournalOptions = JournalOptions { segment_bytes: 2_000, held_bytes: 4_000 };

#[test]
fn what_is_appended_reads_back_in_order_with_its_positions() {
    let folder = folder();
    let inputs = scripts::mixed("c");
    let mut journal =
        Journal::open(folder.path(), JournalOptions::default()).expect("a new journal");
    for input in &inputs {
        journal.append(input).expect("a write");
    }
    let expected: Vec<_> = (1..).zip(inputs.into_iter().flatten()).collect();
    assert_eq!(read_all(folder.path()), expected);
    assert_eq!(journal.progress().written().0, expected.len() as u64);
    drop(journal);
    let again = Journal::open(folder.path(), JournalOptions::default()).expect("a second one");
    assert_eq!(again.next().0, expected.len() as u64 + 1, "positions go on");
}

#[test]
fn a_segment_torn_anywhere_holds_whole_inputs_only() {
    let folder = folder();
    let inputs = scripts::simulring("c", 0);
    let mut journal =
        Journal::open(folder.path(), JournalOptions::default()).expect("a new journal");
    for input in &inputs {
        journal.append(input).expect("a write");
    }
    drop(journal);
    let path = segments::path(folder.path(), 1);
    let whole = std::fs::read(&path).expect("the segment");
    let counts: BTreeSet<usize> = (0..=inputs.len())
        .map(|inputs_kept| inputs.iter().take(inputs_kept).map(Vec::len).sum())
        .collect();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).expect("a torn segment");
        assert!(counts.contains(&read_all(folder.path()).len()), "torn at {length}");
    }
    for at in frame::HEADER.len()..whole.len() {
        let mut rotten = whole.clone();
        rotten[at] ^= 0x10;
        std::fs::write(&path, &rotten).expect("a rotten segment");
        assert!(counts.contains(&read_all(folder.path()).len()), "rotten at {at}");
    }
}

#[test]
fn another_version_is_refused_and_not_misread() {
    let folder = folder();
    let path = segments::path(folder.path(), 1);
    std::fs::write(&path, b"TNDMJRNL\x63\0\0\0whatever").expect("a segment");
    let error = segments::read(folder.path(), Position(0), |_, _| {}).expect_err("a refusal");
    assert!(matches!(error, JournalError::Version { found: 99, .. }), "{error}");
    let error = segments::check(folder.path()).expect_err("a refusal");
    assert!(matches!(error, JournalError::Version { found: 99, .. }), "{error}");
    std::fs::write(&path, frame::HEADER).expect("a segment");
    segments::check(folder.path()).expect("a segment of this version");
}

#[test]
fn live_calls_are_carried_over_and_the_rest_goes() {
    let folder = folder();
    let options = JournalOptions { segment_bytes: 900, ..SMALL };
    let mut journal = Journal::open(folder.path(), options).expect("a new journal");
    let inputs = scripts::mixed("c");
    for input in &inputs {
        journal.append(input).expect("a write");
    }
    let current = journal.progress().segment().0;
    assert!(current > 2, "the scripts fill more than two segments: {current}");
    let live: BTreeSet<Box<str>> = [Box::from("c1")].into();
    let before = read_all(folder.path());
    let (_, start) = journal.progress().segment();
    let freed = segments::compact(folder.path(), current - 1, &live).expect("a compaction");
    assert!(freed > 0);
    let after = read_all(folder.path());
    let kept =
        |(position, event): &&(u64, Recorded)| event.call.as_str() == "c1" || *position >= start.0;
    let expected: Vec<_> = before.iter().filter(kept).cloned().collect();
    assert_eq!(after, expected);
    assert_eq!(segments::list(folder.path()).expect("a list").len(), 2);
    segments::compact(folder.path(), current - 1, &BTreeSet::new()).expect("a compaction");
    assert_eq!(segments::list(folder.path()).expect("a list").len(), 1);
}

/// A disk with so many bytes left; a write that does not fit leaves its beginning behind.
#[derive(Clone, Default)]
struct SmallDisk {
    left: Arc<Mutex<u64>>,
}

struct SmallFile {
    file: File,
    left: Arc<Mutex<u64>>,
}

impl Disk for SmallDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Box::new(SmallFile { file, left: self.left.clone() }))
    }
}

impl Write for SmallFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut left = self.left.lock().expect("nobody panicked");
        let fits = bytes.len().min(usize::try_from(*left).expect("a small disk"));
        if fits == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        *left -= fits as u64;
        self.file.write(&bytes[..fits])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl SegmentFile for SmallFile {
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn syncable(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl SmallDisk {
    fn gets(&self, bytes: u64) {
        *self.left.lock().expect("nobody panicked") = bytes;
    }
}

#[test]
fn a_full_disk_costs_nothing_once_there_is_room_again() {
    let folder = folder();
    let disk = SmallDisk::default();
    disk.gets(700);
    let options = JournalOptions { held_bytes: 1 << 20, ..JournalOptions::default() };
    let mut journal =
        Journal::open_on(Box::new(disk.clone()), folder.path(), options).expect("a journal");
    let inputs = scripts::mixed("c");
    let mut refused = 0;
    for input in &inputs {
        match journal.append(input) {
            Ok(_) => assert_eq!(refused, 0),
            Err(JournalError::Full { given_up, .. }) => {
                assert!(!given_up);
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 5, "{refused}");
    assert!(journal.is_behind());
    journal.retry().expect_err("still full");
    disk.gets(1 << 20);
    journal.retry().expect("room again");
    assert!(!journal.is_behind());
    let expected: Vec<_> = (1..).zip(inputs.into_iter().flatten()).collect();
    assert_eq!(read_all(folder.path()), expected);
}

#[test]
fn memory_that_is_full_too_gives_up_whole_inputs_and_says_so() {
    let folder = folder();
    let disk = SmallDisk::default();
    disk.gets(12);
    let mut journal =
        Journal::open_on(Box::new(disk.clone()), folder.path(), SMALL).expect("a journal");
    let (mut kept, mut next) = (Vec::new(), 1);
    for n in 0..20 {
        for input in scripts::direct(&format!("c{n}"), n) {
            let positions = next..next + input.len() as u64;
            next = positions.end;
            match journal.append(&input) {
                Err(JournalError::Full { given_up: true, held_bytes }) => {
                    assert!(held_bytes <= SMALL.held_bytes, "the limit holds");
                }
                Err(JournalError::Full { given_up: false, .. }) => {
                    kept.extend(positions.zip(input));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(kept.len() > 10 && kept.len() < 200, "{}", kept.len());
    disk.gets(1 << 20);
    journal.retry().expect("room again");
    assert_eq!(read_all(folder.path()), kept);
    assert_eq!(journal.progress().written().0, next - 1, "nobody waits for what was given up");
}

#[test]
fn a_data_directory_has_one_server() {
    let folder = folder();
    let first = DataDirLock::acquire(folder.path()).expect("the lock");
    let error = DataDirLock::acquire(folder.path()).expect_err("it is taken");
    assert!(matches!(error, LockError::Taken { .. }), "{error}");
    drop(first);
    DataDirLock::acquire(folder.path()).expect("it is free again");
}
