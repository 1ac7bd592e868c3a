//! A table whose columns align: the first and the last to the left, numbers between them to the
//! right. A character is one column wide, as everything that the demo prints is.

use super::Paint;

/// The columns of the calls' tables.
const COLUMNS: usize = 6;

/// Left of every line.
const MARGIN: &str = "    ";

/// The widths that short tables have too, so that tables one below the other align.
const WIDTHS: [usize; COLUMNS] = [34, 6, 6, 6, 6, 0];

/// A table while it is filled.
#[derive(Debug)]
pub(super) struct Table {
    head: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(head: [&'static str; COLUMNS]) -> Self {
        Self { head, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }

    /// The lines.
    pub(super) fn print(&self, paint: Paint) -> String {
        let mut widths = WIDTHS;
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let head = self.head.map(str::to_owned);
        let mut text = format!("{}\n", paint.dim(&line(&head, widths)));
        for row in &self.rows {
            text += &line(row, widths);
            text.push('\n');
        }
        text
    }
}

fn line(cells: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let mut text = MARGIN.to_owned();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        match index {
            0 => text += &format!("{cell:<width$}"),
            _ if index + 1 == COLUMNS => text += &format!("  {cell}"),
            _ => text += &format!(" {cell:>width$}"),
        }
    }
    text.trim_end().to_owned()
}
