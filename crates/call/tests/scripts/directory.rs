//! The directory of the reference scenarios, read from its file.

use std::path::PathBuf;

use model::directory::Directory;
use model::directory::source::DirectoryFile;

/// The text of a file of the oracle.
pub(crate) fn oracle(name: &str) -> String {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.extend(["..", "..", "tests", "data", "oracle", name]);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The directory of the scenarios, with what the tests of this crate add to it.
pub(crate) fn directory(additions: &str) -> Directory {
    let mut directory = Directory::new();
    for text in [oracle("directory.json").as_str(), additions] {
        if !text.is_empty() {
            let file: DirectoryFile = serde_json::from_str(text).expect("a directory");
            file.add_to(&mut directory);
        }
    }
    directory
}
