//! `tandem demo`, whole: the server, phones on sockets, rows, conversations and the verdict.

#[test]
fn everything_comes_out_as_stated() {
    let mut out = Vec::new();
    let done = server::demo::run(false, false, &mut out);
    let text = String::from_utf8(out).expect("text");
    assert!(done.is_ok(), "{done:?}\n{text}");
    for line in [
        "  ✓ Direct call      as stated, 10 facts",
        "  ✓ Next IVR         as stated, 18 facts",
        "  ✓ Held, recorded   as stated, 14 facts",
        "  ✓ Two codecs       as stated, 13 facts",
        "  ✓ Bad line         as stated, 14 facts",
        "  ✓ Invariants       37 hold",
        "  Dora Contact and Ben Baker – +15550100002, open, owned by Ben Baker",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let wide = text.lines().filter(|line| !line.contains("database /"));
    let wide: Vec<_> = wide.filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}
