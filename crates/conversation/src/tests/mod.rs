//! The 21 scenarios of the oracle, the sequences Q1–Q7, cases the files do not cover,
//! permutations of all of them, and the proof that each detail of each rule is noticed by one of
//! them.

mod book;
mod broken;
mod handed_on;
mod oracle;
mod permutations;
mod random;
mod scenarios;
mod sequences;
mod variants;

/// What a check found wrong; the checks return it instead of panicking, so that the test of the
/// broken rules can run them all.
type Checked = Result<(), String>;

/// Compares with a message that names both sides.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Checked {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}\n   found: {found:#?}\nexpected: {expected:#?}"))
    }
}

/// Every check of this crate by name.
fn all_checks() -> Vec<(String, Box<dyn Fn() -> Checked>)> {
    let mut all: Vec<(String, Box<dyn Fn() -> Checked>)> = Vec::new();
    for scenario in oracle::scenarios() {
        let name = scenario.name.clone();
        all.push((name, Box::new(move || scenarios::check(&scenario))));
    }
    for (name, check) in sequences::ALL.iter().chain(variants::ALL).chain(handed_on::ALL) {
        all.push(((*name).to_owned(), Box::new(*check)));
    }
    all
}

#[test]
fn every_check_passes() {
    for (name, check) in all_checks() {
        if let Err(why) = check() {
            panic!("{name}: {why}");
        }
    }
}
