//! Places, both notations, and faults with a path.

use serde::Deserialize;

use super::*;

fn document(text: &str, notation: Notation) -> Result<Document, Problems> {
    let file = match notation {
        Notation::Toml => "a.toml",
        Notation::Json => "a.json",
    };
    Document::parse(file.into(), text, notation)
}

fn complaint(text: &str, notation: Notation) -> String {
    document(text, notation).expect_err("refused").to_string()
}

#[test]
fn every_value_knows_its_line() {
    let toml = "a = 1\n[b]\nc = [\n  \"é\", 2.5,\n]\n[[d]]\ne = true\n[[d]]\nf = 1979-05-27\n";
    let root = document(toml, Notation::Toml).expect("toml").root;
    let items = root.child("b").and_then(|b| b.child("c")).expect("b.c").items();
    assert_eq!(items[0].text(), Some("é"));
    assert_eq!(items[1].at, Place { line: 4, column: 8 });
    let entries = root.child("d").expect("d").items();
    assert_eq!(entries[1].at.line, 8);
    assert_eq!(entries[1].child("f").and_then(Node::text), Some("1979-05-27"));

    let json = "{\n \"a\": [null, -3,\n  {\"b\": \"\\u00e9\"}]\n}";
    let root = document(json, Notation::Json).expect("json").root;
    let items = root.child("a").expect("a").items();
    assert_eq!(items[0].value, Value::Null);
    assert_eq!(items[1].value, Value::Integer(-3));
    assert_eq!(items[2].at, Place { line: 3, column: 3 });
    assert_eq!(items[2].child("b").and_then(Node::text), Some("é"));
}

#[test]
fn every_syntax_error_of_toml_is_reported() {
    insta::assert_snapshot!(complaint("a = \nb = 1\nc = [1\n", Notation::Toml), @r#"
    error: a.toml:1:5: is not TOML: string values must be quoted, expected literal string
      fix: correct the notation here
    error: a.toml:3:7: is not TOML: unclosed array, expected `]`
      fix: correct the notation here
    "#);
    insta::assert_snapshot!(complaint("a = 1\na = 2\n", Notation::Toml), @r#"
    error: a.toml:2:1: is not TOML: duplicate key
      fix: correct the notation here
    "#);
    insta::assert_snapshot!(complaint("a = 99999999999999999999\n", Notation::Toml), @r#"
    error: a.toml:1:5: 99999999999999999999 does not fit in 64 bits
      fix: use a smaller number
    "#);
}

#[test]
fn syntax_errors_of_json_have_a_place() {
    insta::assert_snapshot!(complaint("{\n \"a\": ]}", Notation::Json), @r#"
    error: a.json:2:7: is not JSON: expected value
      fix: correct the notation here
    "#);
    insta::assert_snapshot!(complaint("[]", Notation::Json), @r#"
    error: a.json:1:1: is a list, not an object
      fix: put everything into one object { … }
    "#);
    insta::assert_snapshot!(complaint("", Notation::Json), @r#"
    error: a.json:1:1: is not JSON: EOF while parsing a value
      fix: correct the notation here
    "#);
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(60), "]".repeat(60));
    assert!(complaint(&deep, Notation::Json).contains("nests deeper than 32"));
    let deep = format!("a = {}{}", "[".repeat(60), "]".repeat(60));
    assert!(complaint(&deep, Notation::Toml).contains("nests deeper than 32"));
    let endless = format!("{{\"a\": {}", "[".repeat(100_000));
    assert!(complaint(&endless, Notation::Json).contains("is not JSON"));
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.toml");
    let file = std::fs::File::create(&path).expect("a file");
    file.set_len(MAX_BYTES + 1).expect("a sparse file");
    let problems = Document::open(&path).expect_err("too long");
    assert!(problems.to_string().contains("at most 67108864 are read"));
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    ports: Vec<u16>,
    #[serde(default)]
    note: Option<String>,
}

fn fault(text: &str) -> (String, Option<u32>, String) {
    let root = document(text, Notation::Toml).expect("toml").root;
    let fault = read::<Entry>(&root).expect_err("a fault");
    let line = fault.at.map(|at| at.line);
    (fault.dotted(), line, fault.to_string())
}

#[test]
fn faults_name_key_line_and_cause() {
    let json = document("{\"name\": \"n\", \"note\": null}", Notation::Json).expect("json");
    let entry: Entry = read(&json.root).expect("an entry");
    assert_eq!(entry.note, None);

    let unknown = fault("name = \"n\"\nport = 3\n");
    assert_eq!(unknown, (String::new(), Some(2), "unknown key `port`".into()));
    let missing = fault("\nports = []\n");
    assert_eq!(missing, (String::new(), Some(1), "`name` is missing".into()));
    let (path, line, cause) = fault("name = \"n\"\nports = [1,\n 70000]\n");
    assert_eq!((path.as_str(), line), ("ports[1]", Some(3)));
    insta::assert_snapshot!(cause, @"invalid value: integer `70000`, expected u16");
}

#[test]
fn a_choice_is_a_word_or_a_table_with_one_key() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Callback,
        Ivr(String),
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Choices {
        list: Vec<Choice>,
    }
    let read = |text: &str| {
        let text = format!("list = [{text}]");
        let document = Document::parse("d.toml".into(), &text, Notation::Toml).expect("TOML");
        super::shape::read::<Choices>(&document.root)
    };
    let both = read("\"callback\", { ivr = \"ivr-x\" }").expect("choices");
    assert_eq!(both.list, [Choice::Callback, Choice::Ivr("ivr-x".into())]);
    for (text, cause) in [
        ("{ callback = 1 }", "`callback` is written as a word alone"),
        ("{ ivr = \"a\", x = 1 }", "a table with one key of callback, ivr is expected"),
        ("7", "is a whole number, not a Choice: callback, ivr"),
        ("{ fax = \"a\" }", "unknown variant `fax`, expected `callback` or `ivr`"),
    ] {
        let fault = read(text).expect_err(text);
        assert_eq!(fault.to_string(), cause);
        assert_eq!(fault.dotted().split('.').next(), Some("list[0]"), "{text}");
    }
}
