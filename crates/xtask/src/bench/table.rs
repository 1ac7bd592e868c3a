//! The table of a stage: what was measured, its value, the aim and whether it was met.

use std::fmt::Write as _;

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What was measured.
    pub(super) what: String,
    /// The value.
    pub(super) measured: f64,
    /// The unit of value and aim.
    pub(super) unit: &'static str,
    /// What is aimed at, where something is.
    pub(super) aim: Option<Aim>,
}

/// On which side of a value the measured one shall be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aim {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Aim {
    fn text(self, unit: &str) -> String {
        match self {
            Self::AtMost(value) => format!("≤ {} {unit}", number(value)),
            Self::AtLeast(value) => format!("≥ {} {unit}", number(value)),
        }
    }

    fn met(self, measured: f64) -> bool {
        match self {
            Self::AtMost(value) => measured <= value,
            Self::AtLeast(value) => measured >= value,
        }
    }
}

/// The rows under a heading, in columns.
pub(super) fn format(heading: &str, rows: &[Row]) -> String {
    let cells: Vec<[String; 4]> = rows.iter().map(cells).collect();
    let width = |column: usize| {
        cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let (what, measured, aim) = (width(0), width(1), width(2));
    let mut text = format!("{heading}\n");
    for [a, b, c, d] in &cells {
        let line = format!("  {a:<what$}  {b:>measured$}  {c:<aim$}  {d}");
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn cells(row: &Row) -> [String; 4] {
    let measured = format!("{} {}", number(row.measured), row.unit);
    let aim = row.aim.map(|aim| aim.text(row.unit)).unwrap_or_default();
    let verdict = match row.aim {
        Some(aim) if aim.met(row.measured) => "met",
        Some(_) => "MISSED",
        None => "",
    };
    [row.what.clone(), measured, aim, verdict.to_owned()]
}

/// Three significant digits below a thousand, groups of three above.
fn number(value: f64) -> String {
    if value < 1_000.0 {
        let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
        return format!("{value:.decimals$}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_columns_with_their_verdict() {
        let rows = [
            Row {
                what: "a call".into(),
                measured: 398_765.4,
                unit: "instructions",
                aim: Some(Aim::AtMost(400_000.0)),
            },
            Row {
                what: "a packet".into(),
                measured: 3.21,
                unit: "µs",
                aim: Some(Aim::AtMost(3.0)),
            },
            Row {
                what: "a rate".into(),
                measured: 1_500.0,
                unit: "calls/s",
                aim: Some(Aim::AtLeast(1_500.0)),
            },
            Row { what: "start".into(), measured: 42.0, unit: "ms", aim: None },
        ];
        let text = format("switch", &rows);
        let expected = "switch
  a call    398 765 instructions  ≤ 400 000 instructions  met
  a packet               3.21 µs  ≤ 3.00 µs               MISSED
  a rate           1 500 calls/s  ≥ 1 500 calls/s         met
  start                  42.0 ms
";
        assert_eq!(text, expected);
    }
}
