//! When episodes begin and end (model §4.6).

use proptest::prelude::*;

use super::*;

const JITTER: Bounds = Bounds { warning: 30.0, critical: 100.0 };
const LOSS: Bounds = Bounds { warning: 3.0, critical: 10.0 };
const MOS: Bounds = Bounds { warning: 3.5, critical: 2.5 };

/// The n-th sample of 5 s.
fn nth(n: usize) -> Sample {
    let end = Duration::from_secs(5 * (n as u64 + 1));
    Sample { begin: end - Duration::from_secs(5), end, source: Source::LocalRtp }
}

/// What the samples lead to: `n:R` raised, `W` worsened, `C` cleared, with the value.
fn told(changes: impl Iterator<Item = Option<Verdict>>) -> String {
    let text = |(n, verdict): (usize, Option<Verdict>)| {
        Some(match verdict?.change {
            Change::Raised { severity: Severity::Warning, value, .. } => format!("{n}:R{value}"),
            Change::Raised { value, .. } => format!("{n}:R!{value}"),
            Change::Worsened { severity: Severity::Warning, value } => format!("{n}:W{value}"),
            Change::Worsened { value, .. } => format!("{n}:W!{value}"),
            Change::Cleared { worst } => format!("{n}:C{worst}"),
        })
    };
    changes.enumerate().filter_map(text).collect::<Vec<_>>().join(" ")
}

fn jitter(values: &[f64]) -> String {
    let mut detector = ThreeOfFive::new(Bad::Above);
    told(values.iter().enumerate().map(|(n, v)| detector.push(nth(n), *v, JITTER)))
}

fn loss(percents: &[u32]) -> String {
    let mut detector = AverageOfSeven::default();
    told(percents.iter().enumerate().map(|(n, p)| detector.push(nth(n), 1000, p * 10, LOSS)))
}

#[test]
fn three_of_five_raise_and_three_good_clear() {
    assert_eq!(jitter(&[60.0, 60.0, 60.0, 1.0, 1.0, 1.0, 1.0]), "2:R60 5:C60");
    assert_eq!(jitter(&[60.0, 1.0, 60.0, 1.0, 60.0]), "4:R60");
    assert_eq!(jitter(&[60.0, 60.0, 1.0, 1.0, 1.0, 60.0, 60.0]), "", "never three of five");
    assert_eq!(jitter(&[30.0; 9]), "", "the threshold itself is good");
}

#[test]
fn good_and_bad_by_turns_are_one_episode() {
    let turns: Vec<f64> = (0..40).map(|n| if n % 2 == 0 { 50.0 } else { 5.0 }).collect();
    assert_eq!(jitter(&turns), "4:R50");
}

#[test]
fn the_worst_counts_what_raised_it_and_what_came_after() {
    assert_eq!(jitter(&[90.0, 40.0, 40.0, 1.0, 1.0, 1.0]), "2:R90 5:C90");
    assert_eq!(jitter(&[40.0, 40.0, 40.0, 42.0, 80.0, 1.0, 1.0, 1.0]), "2:R40 4:W80 7:C80");
}

#[test]
fn three_critical_samples_make_it_critical_and_it_stays_so() {
    assert_eq!(jitter(&[150.0; 4]), "2:R!150");
    let values = [101.0, 50.0, 101.0, 50.0, 101.0, 50.0, 50.0, 50.0, 1.0, 1.0, 1.0];
    assert_eq!(jitter(&values), "2:R101 4:W!101 10:C101");
}

#[test]
fn a_score_is_bad_below() {
    let mut detector = ThreeOfFive::new(Bad::Below);
    let scores = [4.4, 3.4, 3.0, 3.4, 3.5, 4.0, 3.6];
    let changes = scores.iter().enumerate().map(|(n, v)| detector.push(nth(n), *v, MOS));
    assert_eq!(told(changes), "3:R3 6:C3");
}

#[test]
fn an_episode_tells_since_when_and_until_when() {
    let mut detector = ThreeOfFive::new(Bad::Above);
    let mut seen = Vec::new();
    for (n, value) in [1.0, 60.0, 1.0, 60.0, 60.0, 60.0, 1.0, 1.0, 1.0].into_iter().enumerate() {
        seen.extend(detector.push(nth(n), value, JITTER));
    }
    let [raised, cleared] = seen[..] else { panic!("{seen:?}") };
    assert_eq!((raised.since.as_secs(), raised.until.as_secs()), (5, 25));
    assert_eq!((cleared.since.as_secs(), cleared.until.as_secs()), (5, 30));
}

#[test]
fn loss_is_an_average_over_seven() {
    // The window: 8 8 8 -> 24/7 = 3.4; after four more clean ones still so, then 2.3, then 1.1.
    let mut percents = vec![0; 10];
    percents.extend([8, 8, 8, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(loss(&percents), "12:R8 18:C8");
    let mut percents = vec![0; 10];
    percents.extend([20, 0, 0]);
    assert_eq!(loss(&percents), "", "2.9 percent");
    assert_eq!(loss(&[3; 20]), "");
    assert_eq!(loss(&[0, 0, 0, 12, 12, 12, 12, 0, 0]), "4:R12", "and open at the end");
    assert_eq!(loss(&[12, 12, 12]), "1:R!12");
}

#[test]
fn around_the_threshold_loss_does_not_flap() {
    let around: Vec<u32> = (0..60).map(|n| if n % 2 == 0 { 1 } else { 5 }).collect();
    assert_eq!(loss(&around), "7:R5");
}

#[test]
fn little_at_the_begin_raises_nothing() {
    let mut detector = AverageOfSeven::default();
    assert_eq!(detector.push(nth(0), 3, 1, LOSS), None, "one packet of the first three");
    assert_eq!(detector.push(nth(1), 20, 1, LOSS), None, "too few to tell");
    assert_eq!(detector.push(nth(2), 0, 0, LOSS), None);
    assert_eq!(detector.push(nth(3), 250, 0, LOSS), None);
    let mut detector = AverageOfSeven::default();
    assert_eq!(detector.push(nth(0), 250, 250, LOSS), None, "one sample is no average");
}

#[test]
fn a_silence_is_raised_when_the_time_is_reached() {
    let mut silence = Silence::default();
    let s = Duration::from_secs;
    let after = s(5);
    let at = |silence: &mut Silence, now| silence.lasts(s(100), now, after, Source::LocalRtp);
    assert_eq!(at(&mut silence, s(104)), None);
    assert_eq!(silence.due(s(100), after), Some(s(105)));
    let (when, verdict) = at(&mut silence, s(107)).unwrap();
    assert_eq!((when, verdict.since), (s(105), s(100)));
    let severity = Severity::Warning;
    assert_eq!(verdict.change, Change::Raised { severity, threshold: 5.0, value: 5.0 });
    assert_eq!(at(&mut silence, s(109)), None);
    assert_eq!(silence.due(s(100), after), Some(s(110)));
    let (when, verdict) = at(&mut silence, s(130)).unwrap();
    assert_eq!(when, s(110));
    assert_eq!(verdict.change, Change::Worsened { severity: Severity::Critical, value: 10.0 });
    assert_eq!((at(&mut silence, s(200)), silence.due(s(100), after)), (None, None));
    assert_eq!(silence.ends(s(160)).unwrap().change, Change::Cleared { worst: 60.0 });
    assert_eq!(silence.ends(s(161)), None);
}

#[test]
fn forgotten_samples_raise_nothing_and_clear_nothing() {
    let mut detector = ThreeOfFive::new(Bad::Above);
    for n in 0..2 {
        assert_eq!(detector.push(nth(n), 60.0, JITTER), None);
    }
    detector.forget();
    assert_eq!(detector.push(nth(2), 60.0, JITTER), None);
    for n in 3..5 {
        detector.push(nth(n), 60.0, JITTER);
    }
    detector.forget();
    assert_eq!(detector.push(nth(5), 1.0, JITTER), None, "open, and one good sample");
    assert_eq!(detector.push(nth(6), 1.0, JITTER), None);
    assert!(detector.push(nth(7), 1.0, JITTER).is_some());
}

proptest! {
    /// Raised, worsened any number of times, cleared; three samples between a raise and a clear
    /// and between a clear and a raise; the worst is that of the samples.
    #[test]
    fn episodes_are_well_formed(values in proptest::collection::vec(0.0..200.0_f64, 0..200)) {
        let mut detector = ThreeOfFive::new(Bad::Above);
        let (mut open, mut last, mut worst) = (false, None::<usize>, 0.0_f64);
        for (n, value) in values.iter().enumerate() {
            let verdict = detector.push(nth(n), *value, JITTER);
            let apart = last.is_none_or(|last| n - last >= 3);
            match verdict.map(|verdict| verdict.change) {
                Some(Change::Raised { value, .. }) => {
                    prop_assert!(!open && apart);
                    (open, last, worst) = (true, Some(n), value);
                }
                Some(Change::Worsened { value, .. }) => {
                    prop_assert!(open && value >= worst);
                    worst = value;
                }
                Some(Change::Cleared { worst: end }) => {
                    prop_assert!(open && apart && end >= worst);
                    (open, last) = (false, Some(n));
                }
                None => {}
            }
        }
        prop_assert_eq!(detector.finish().is_some(), open);
    }
}
