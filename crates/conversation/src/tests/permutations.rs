//! §7.3: for every permutation and duplication of deliveries, and a lookup change anywhere among
//! them, the state without its ids is the same.

use model::call_graph::FinishedCallGraph;
use proptest::prelude::*;

use super::book::{Book, carl};
use super::oracle::{later, scenarios};

/// The scenarios and, an hour later, three of them once more.
fn calls() -> Vec<FinishedCallGraph> {
    let mut calls: Vec<_> = scenarios().into_iter().map(|scenario| scenario.graph).collect();
    calls.extend(["S02", "S05", "S13"].map(|name| later(name, &format!("{name}-later"), 1)));
    calls
}

fn run(calls: &[FinishedCallGraph], order: &[usize], lookup_at: usize) -> Result<String, String> {
    let mut book = Book::new();
    for (step, &index) in order.iter().enumerate() {
        if step == lookup_at {
            book.resolve("+15557770003", &carl());
        }
        book.deliver(&calls[index]);
    }
    if lookup_at >= order.len() {
        book.resolve("+15557770003", &carl());
    }
    book.state()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        order in Just((0..24).chain(0..24).collect::<Vec<usize>>()).prop_shuffle(),
        lookup_at in 0usize..50,
    ) {
        thread_local! {
            static CALLS: (Vec<FinishedCallGraph>, String) = {
                let calls = calls();
                let straight: Vec<usize> = (0..calls.len()).collect();
                let state = run(&calls, &straight, 0).expect("a sound state");
                (calls, state)
            };
        }
        CALLS.with(|(calls, expected)| {
            let found = run(calls, &order, lookup_at).map_err(TestCaseError::fail)?;
            prop_assert_eq!(&found, expected);
            Ok(())
        })?;
    }
}
