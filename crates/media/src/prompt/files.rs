//! Where the files of prompts and music are: below their folders and nowhere else.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The longest name of a file.
const NAME_MAX: usize = 255;
/// The most files of a folder of music.
pub(super) const MUSIC_FILES_MAX: usize = 64;

/// The file of a prompt: of the language's folder (`de-AT`, then `de`), else of the folder itself.
pub(super) fn prompt(folder: &Path, language: &str, name: &str) -> Option<PathBuf> {
    of_language(folder, language, name).or_else(|| file(folder, Path::new(name)))
}

/// The file of a prompt that is there in this language only.
pub(super) fn of_language(folder: &Path, language: &str, name: &str) -> Option<PathBuf> {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if !is_plain(Path::new(name)) {
        return None;
    }
    let mut folders = vec![language];
    folders.extend((primary != language).then_some(primary));
    folders.into_iter().find_map(|language| file(folder, &Path::new(language).join(name)))
}

/// The files of a piece of music: the file of this name, with or without `.wav`, else those of
/// the folder of this name in the order of their names, at most [`MUSIC_FILES_MAX`].
pub(super) fn music(folder: &Path, name: &str) -> Vec<PathBuf> {
    let named = [PathBuf::from(name), PathBuf::from(format!("{name}.wav"))];
    if let Some(file) = named.iter().find_map(|name| file(folder, name)) {
        return vec![file];
    }
    let Some(inside) = below(folder, Path::new(name)) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(&inside) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries
        .filter_map(io::Result::ok)
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|name| name.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav")))
        .collect();
    names.sort();
    let files = names.iter().filter_map(|file_name| file(folder, &Path::new(name).join(file_name)));
    files.take(MUSIC_FILES_MAX).collect()
}

/// A file below a folder.
fn file(folder: &Path, name: &Path) -> Option<PathBuf> {
    below(folder, name).filter(|path| path.is_file())
}

/// Something below a folder, wherever links lead: not out of it.
fn below(folder: &Path, name: &Path) -> Option<PathBuf> {
    if !is_plain(name) {
        return None;
    }
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(name).canonicalize().ok()?;
    (path.starts_with(&folder) && path != folder).then_some(path)
}

/// Whether a name goes down only.
fn is_plain(name: &Path) -> bool {
    let length = name.as_os_str().len();
    (1..=NAME_MAX).contains(&length)
        && name.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with these files.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn text(path: Option<PathBuf>) -> Option<String> {
        path.map(|path| fs::read_to_string(path).unwrap())
    }

    #[test]
    fn the_language_comes_first() {
        let files = ["a.wav", "de/a.wav", "de/sub/b.wav", "de-AT/a.wav", "c.wav"];
        let folder = folder(&files);
        let found = |language, name| text(prompt(folder.path(), language, name));
        assert_eq!(found("de-AT", "a.wav").as_deref(), Some("de-AT/a.wav"));
        assert_eq!(found("de-CH", "a.wav").as_deref(), Some("de/a.wav"));
        assert_eq!(found("en", "a.wav").as_deref(), Some("a.wav"));
        assert_eq!(found("de-AT", "sub/b.wav").as_deref(), Some("de/sub/b.wav"));
        assert_eq!(found("de", "c.wav").as_deref(), Some("c.wav"));
        assert_eq!(found("de", "d.wav"), None);
        assert_eq!(text(of_language(folder.path(), "de", "c.wav")), None);
    }

    #[test]
    fn music_is_a_file_or_a_folder_in_order() {
        let folder = folder(&["one.wav", "calm/2.wav", "calm/10.WAV", "calm/b.txt", "calm/1.wav"]);
        let found = |name| -> Vec<String> {
            music(folder.path(), name).into_iter().map(|path| text(Some(path)).unwrap()).collect()
        };
        assert_eq!(found("one"), ["one.wav"]);
        assert_eq!(found("one.wav"), ["one.wav"]);
        assert_eq!(found("calm"), ["calm/1.wav", "calm/10.WAV", "calm/2.wav"]);
        assert_eq!(found("calm/2"), ["calm/2.wav"]);
        assert!(found("none").is_empty());
        let many: Vec<String> = (0..100).map(|at| format!("many/{at:03}.wav")).collect();
        let folder = self::folder(&many.iter().map(String::as_str).collect::<Vec<&str>>());
        assert_eq!(music(folder.path(), "many").len(), MUSIC_FILES_MAX);
    }

    #[test]
    fn nothing_outside_is_found() {
        let outside = folder(&["secret.wav", "prompts/in.wav", "prompts/de/in.wav"]);
        let inside = outside.path().join("prompts");
        symlink(outside.path().join("secret.wav"), inside.join("link.wav")).unwrap();
        symlink(outside.path(), inside.join("up")).unwrap();
        symlink("in.wav", inside.join("alias.wav")).unwrap();
        let secret = outside.path().join("secret.wav");
        let names = ["../secret.wav", "link.wav", "up/secret.wav", "", ".", "./in.wav", "de"];
        for name in names.into_iter().chain([secret.to_str().unwrap()]) {
            assert_eq!(prompt(&inside, "de", name), None, "{name}");
            let expected = if name == "de" { 1 } else { 0 };
            assert_eq!(music(&inside, name).len(), expected, "{name}");
        }
        assert_eq!(prompt(&inside, "..", "secret.wav"), None);
        assert_eq!(text(prompt(&inside, "en", "alias.wav")).as_deref(), Some("prompts/in.wav"));
        assert_eq!(prompt(&inside, "en", &"x/".repeat(200)), None);
    }
}
