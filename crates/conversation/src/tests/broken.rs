//! A rule that nobody can break unnoticed: each detail is broken once, and at least one check
//! must fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::all_checks;
use crate::rules::Detail;
use crate::rules::testing::with_broken;

#[test]
fn breaking_any_one_detail_is_noticed() {
    let checks = all_checks();
    let noticed = |detail: Detail| {
        with_broken(detail, || {
            checks
                .iter()
                .filter(|(_, check)| {
                    // A broken rule may also lose what a check looks for.
                    let run = catch_unwind(AssertUnwindSafe(check));
                    !matches!(run, Ok(Ok(())))
                })
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
        })
    };
    let table: Vec<_> = Detail::ALL.iter().map(|&detail| (detail, noticed(detail))).collect();
    let unnoticed: Vec<_> = table.iter().filter(|(_, by)| by.is_empty()).collect();
    assert!(unnoticed.is_empty(), "nobody notices {unnoticed:?}");
}
