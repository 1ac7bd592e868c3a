//! A Rust file line by line, with comments and the insides of literals blanked out, so that a rule
//! sees code only. It is a scanner, not a parser: enough for rustfmt's output.

use std::collections::BTreeSet;

/// One file.
#[derive(Debug)]
pub(super) struct Source {
    /// Relative to the workspace root.
    pub(super) path: String,
    /// The lines, from index 0.
    pub(super) lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// As it stands.
    pub(super) text: String,
    /// Without comments and without what stands inside literals; quotes are kept.
    pub(super) code: String,
    /// A part of it is a comment.
    pub(super) comment: bool,
    /// It begins inside a literal.
    pub(super) literal: bool,
    /// It is compiled for tests only.
    pub(super) test: bool,
}

impl Source {
    /// Scans `text`.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let mut lines = scan(text);
        let whole_file_is_a_test = is_test_path(path);
        for line in &mut lines {
            line.test = whole_file_is_a_test;
        }
        let mut source = Self { path: path.to_owned(), lines };
        for (start, end) in source.test_items() {
            for line in &mut source.lines[start..=end] {
                line.test = true;
            }
        }
        source
    }

    /// The crate in whose folder the file lies.
    pub(super) fn package(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Each function: the line of its name and the line of its closing brace.
    pub(super) fn functions(&self) -> Vec<(usize, usize)> {
        let mut found = vec![];
        for (index, line) in self.lines.iter().enumerate() {
            for column in words(&line.code, "fn") {
                let rest = line.code[column + 2..].trim_start();
                if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                    continue;
                }
                if let Some(end) = self.end_of_block(index, column) {
                    found.push((index, end));
                }
            }
        }
        found
    }

    /// The modules declared in another file and compiled for tests only.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let end = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let folder = match end.rsplit_once('/') {
            Some((folder, "mod" | "lib" | "main")) => folder.to_owned(),
            Some(_) | None => end.to_owned(),
        };
        self.lines.iter().filter(|line| line.test).filter_map(move |line| {
            let name = line.code.trim().strip_prefix("mod ")?.strip_suffix(';')?;
            Some(format!("{folder}/{name}"))
        })
    }

    fn test_items(&self) -> Vec<(usize, usize)> {
        let mut found = vec![];
        for (index, line) in self.lines.iter().enumerate() {
            let Some(column) = line.code.find("#[cfg(test)]") else {
                continue;
            };
            let item = column + "#[cfg(test)]".len();
            found.push((index, self.end_of_item(index, item).unwrap_or(index)));
        }
        found
    }

    /// The line of the brace that closes the next block, if one comes before a `;`.
    fn end_of_block(&self, line: usize, column: usize) -> Option<usize> {
        let (end, block) = self.follow(line, column)?;
        block.then_some(end)
    }

    fn end_of_item(&self, line: usize, column: usize) -> Option<usize> {
        self.follow(line, column).map(|(end, _)| end)
    }

    /// Where the item that starts here ends, and whether it has a block in braces.
    fn follow(&self, line: usize, column: usize) -> Option<(usize, bool)> {
        let (mut round, mut braces) = (0_i32, 0_i32);
        for (index, content) in self.lines.iter().enumerate().skip(line) {
            let from = if index == line { column } else { 0 };
            for character in content.code[from..].chars() {
                match character {
                    '(' | '[' => round += 1,
                    ')' | ']' => round -= 1,
                    '{' => braces += 1,
                    '}' => {
                        braces -= 1;
                        if braces == 0 && round == 0 {
                            return Some((index, true));
                        }
                    }
                    ';' if round == 0 && braces == 0 => return Some((index, false)),
                    _ => {}
                }
            }
        }
        None
    }
}

/// Marks the files of modules that another file declares under `#[cfg(test)]`.
pub(super) fn mark_test_modules(sources: &mut [Source]) {
    let modules: BTreeSet<String> =
        sources.iter().flat_map(|source| source.test_modules()).collect();
    for source in sources {
        let end = source.path.strip_suffix(".rs").unwrap_or(&source.path);
        let end = end.strip_suffix("/mod").unwrap_or(end);
        let inside = modules.iter().any(|module| {
            end.strip_prefix(module.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if inside {
            source.lines.iter_mut().for_each(|line| line.test = true);
        }
    }
}

/// Where `word` stands in `code` as a word of its own.
pub(super) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(column, _)| column).filter(move |&column| {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        !code[..column].ends_with(inside) && !code[column + word.len()..].starts_with(inside)
    })
}

fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    LineComment,
    /// With its depth.
    BlockComment(u32),
    /// `"…"`.
    Text,
    /// `r#"…"#` with its number of hashes.
    RawText(usize),
}

fn scan(text: &str) -> Vec<Line> {
    let characters: Vec<char> = text.chars().collect();
    let mut scanner =
        Scanner { characters: &characters, at: 0, state: State::Code, line: Line::default() };
    let mut lines = vec![];
    while scanner.at < characters.len() {
        if characters[scanner.at] == '\n' {
            lines.push(scanner.end_line());
        } else {
            scanner.step();
        }
    }
    if !scanner.line.text.is_empty() {
        lines.push(scanner.end_line());
    }
    lines
}

struct Scanner<'a> {
    characters: &'a [char],
    at: usize,
    state: State,
    line: Line,
}

impl Scanner<'_> {
    fn end_line(&mut self) -> Line {
        if self.state == State::LineComment {
            self.state = State::Code;
        }
        self.at += 1;
        let literal = matches!(self.state, State::Text | State::RawText(_));
        let comment = matches!(self.state, State::BlockComment(_));
        std::mem::replace(&mut self.line, Line { literal, comment, ..Line::default() })
    }

    fn step(&mut self) {
        match self.state {
            State::Code => self.code(),
            State::LineComment => self.take(1, false),
            State::BlockComment(depth) => self.block_comment(depth),
            State::Text => self.text(),
            State::RawText(hashes) => self.raw_text(hashes),
        }
    }

    fn code(&mut self) {
        let previous = self.line.code.chars().next_back();
        let in_word = previous.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if self.looking_at("//") {
            self.enter_comment(State::LineComment);
        } else if self.looking_at("/*") {
            self.enter_comment(State::BlockComment(1));
        } else if let Some((length, hashes)) = self.raw_opening().filter(|_| !in_word) {
            self.take(length, true);
            self.state = State::RawText(hashes);
        } else if self.peek(0) == Some('"') {
            self.take(1, true);
            self.state = State::Text;
        } else if self.peek(0) == Some('\'') {
            self.quote();
        } else {
            self.take(1, true);
        }
    }

    fn enter_comment(&mut self, state: State) {
        self.take(2, false);
        self.line.comment = true;
        self.state = state;
    }

    /// A character literal is blanked; a lifetime is code.
    fn quote(&mut self) {
        let length = match (self.peek(1), self.peek(2)) {
            (Some('\\'), Some(_)) => {
                let rest = self.characters[self.at + 3..].iter();
                rest.take_while(|&&c| c != '\'' && c != '\n').count() + 4
            }
            (Some(_), Some('\'')) => 3,
            _ => {
                self.take(1, true);
                return;
            }
        };
        self.take(1, true);
        self.take(length - 2, false);
        self.take(1, true);
    }

    fn block_comment(&mut self, depth: u32) {
        if self.looking_at("*/") {
            self.take(2, false);
            self.state = if depth == 1 { State::Code } else { State::BlockComment(depth - 1) };
        } else if self.looking_at("/*") {
            self.take(2, false);
            self.state = State::BlockComment(depth + 1);
        } else {
            self.take(1, false);
        }
    }

    fn text(&mut self) {
        match self.peek(0) {
            Some('\\') if self.peek(1) != Some('\n') => self.take(2, false),
            Some('"') => {
                self.take(1, true);
                self.state = State::Code;
            }
            Some(_) | None => self.take(1, false),
        }
    }

    fn raw_text(&mut self, hashes: usize) {
        let closed = self.peek(0) == Some('"') && (1..=hashes).all(|n| self.peek(n) == Some('#'));
        if closed {
            self.take(1 + hashes, true);
            self.state = State::Code;
        } else {
            self.take(1, false);
        }
    }

    /// The length and number of hashes of `r"`, `br#"`, `cr##"` and so on.
    fn raw_opening(&self) -> Option<(usize, usize)> {
        let prefix = usize::from(matches!(self.peek(0), Some('b' | 'c')));
        if self.peek(prefix) != Some('r') {
            return None;
        }
        let hashes = (prefix + 1..).take_while(|&n| self.peek(n) == Some('#')).count();
        let length = prefix + 1 + hashes + 1;
        (self.peek(length - 1) == Some('"')).then_some((length, hashes))
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, character)| self.peek(ahead) == Some(character))
    }

    /// Moves on by `count` characters, which are code or are not.
    fn take(&mut self, count: usize, code: bool) {
        for _ in 0..count {
            let Some(character) = self.peek(0) else {
                return;
            };
            self.line.text.push(character);
            self.line.code.push(if code { character } else { ' ' });
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        let source = Source::new("crates/x/src/a.rs", text);
        source.lines.into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn comments_and_the_insides_of_literals_are_no_code() {
        assert_eq!(code("a // b"), ["a     "]);
        assert_eq!(code("a /* b /* c */ d */ e"), ["a                   e"]);
        assert_eq!(code(r#"f("x\"y", 'z', '\'', b'\n')"#), [r#"f("    ", ' ', '  ', b'  ')"#]);
        assert_eq!(code(r##"r#"a"b"# + br"c""##), [r##"r#"   "# + br" ""##]);
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), ["fn f<'a>(x: &'a str) {}"]);
        assert_eq!(code("r#type"), ["r#type"]);
    }

    #[test]
    fn a_line_knows_that_it_begins_inside_a_literal() {
        let source = Source::new("a.rs", "let a = \"one\ntwo\";\nlet b;");
        let literal: Vec<bool> = source.lines.iter().map(|line| line.literal).collect();
        assert_eq!(literal, [false, true, false]);
    }

    #[test]
    fn functions_reach_from_their_name_to_their_brace() {
        let text = "trait T {\n    fn declared(&self) -> [u8; 4];\n}\n\
                    fn long(\n    a: fn(u8),\n) {\n    { \"}\" }\n}\n";
        assert_eq!(Source::new("a.rs", text).functions(), [(3, 7)]);
    }

    #[test]
    fn what_is_compiled_for_tests_only_is_marked() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let source = Source::new("crates/x/src/a.rs", text);
        let tests: Vec<bool> = source.lines.iter().map(|line| line.test).collect();
        assert_eq!(tests, [false, true, true, true, true, false]);
        assert!(Source::new("crates/x/src/tests/b.rs", "fn a() {}").lines[0].test);
        assert!(Source::new("tests/sim.rs", "fn a() {}").lines[0].test);
    }

    #[test]
    fn the_file_of_a_test_module_is_marked_too() {
        let mut sources = [
            Source::new("crates/x/src/a.rs", "#[cfg(test)]\nmod script;\n"),
            Source::new("crates/x/src/a/script.rs", "fn a() {}"),
            Source::new("crates/x/src/a/script/part.rs", "fn a() {}"),
            Source::new("crates/x/src/script.rs", "fn a() {}"),
        ];
        mark_test_modules(&mut sources);
        let tests: Vec<bool> = sources.iter().map(|source| source.lines[0].test).collect();
        assert_eq!(tests, [true, true, true, false]);
    }
}
