//! Multi-row upserts: a statement costs more than a row, so rows of one table go together, in
//! powers of two of which few texts need to be prepared.

use std::sync::{Arc, OnceLock};

use model::Millis;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Sqlite, Type};

use crate::Error;

/// Most rows of one statement; shorter ones are powers of two, so few texts are prepared.
const LARGEST: usize = 1 << (SIZES - 1);
const SIZES: usize = 6;

/// A row that is written by upsert.
pub(crate) trait Row {
    /// Its table.
    fn table() -> &'static Table;
    /// Its values, in order of the table's columns.
    fn values(&self, values: &mut Values);
}

/// Writes rows of one table, in order.
pub(crate) async fn write<R: Row>(
    connection: &mut SqliteConnection,
    rows: &[&R],
) -> Result<(), Error> {
    let table = R::table();
    let mut rest = rows;
    while !rest.is_empty() {
        let size = (1usize << rest.len().ilog2()).min(LARGEST);
        let (now, later) = rest.split_at(size);
        rest = later;
        let mut values = Values::with_capacity(size * table.columns.len());
        for row in now {
            row.values(&mut values);
        }
        let text = AssertSqlSafe(table.upsert(size));
        sqlx::query_with(text, values.finish()?).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A table and how its rows are upserted.
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    /// What follows the values: columns that the fold may change, or nothing at all.
    conflict: &'static str,
    upserts: [OnceLock<Arc<str>>; SIZES],
}

impl Table {
    pub(crate) const fn new(
        name: &'static str,
        columns: &'static [&'static str],
        conflict: &'static str,
    ) -> Self {
        Self { name, columns, conflict, upserts: [const { OnceLock::new() }; SIZES] }
    }

    /// The statement for `rows` rows, a power of two up to [`LARGEST`].
    fn upsert(&self, rows: usize) -> Arc<str> {
        let text = || {
            let row = format!("({})", vec!["?"; self.columns.len()].join(","));
            let rows = vec![row; rows].join(",");
            let columns = self.columns.join(",");
            format!("INSERT INTO {}({columns}) VALUES {rows} {}", self.name, self.conflict).into()
        };
        let size = usize::try_from(rows.ilog2()).unwrap_or(0).min(SIZES - 1);
        self.upserts[size].get_or_init(text).clone()
    }
}

/// The values of a statement. Texts that are shared are not copied.
pub(crate) struct Values {
    arguments: SqliteArguments,
    failed: Option<String>,
}

impl Values {
    fn with_capacity(values: usize) -> Self {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(values, 0);
        Self { arguments, failed: None }
    }

    pub(crate) fn push<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) {
        if let Err(error) = self.arguments.add(value) {
            self.refuse(&*error);
        }
    }

    /// A value cannot be written down; [`write`] then fails.
    pub(crate) fn refuse(&mut self, error: &dyn std::error::Error) {
        self.failed = Some(error.to_string());
    }

    fn finish(self) -> Result<SqliteArguments, Error> {
        match self.failed {
            None => Ok(self.arguments),
            Some(message) => Err(Error::Statement { message }),
        }
    }

    pub(crate) fn shared<'a, T: 'a>(&mut self, text: &'a T)
    where
        Arc<str>: From<&'a T>,
    {
        self.push(Arc::<str>::from(text));
    }

    pub(crate) fn shared_or_null<'a, T: 'a>(&mut self, text: &'a Option<T>)
    where
        Arc<str>: From<&'a T>,
    {
        self.push(text.as_ref().map(Arc::<str>::from));
    }

    pub(crate) fn arc(&mut self, text: &Arc<str>) {
        self.push(text.clone());
    }

    pub(crate) fn arc_or_null(&mut self, text: &Option<Arc<str>>) {
        self.push(text.clone());
    }

    pub(crate) fn word(&mut self, word: &'static str) {
        self.push(word);
    }

    pub(crate) fn word_or_null(&mut self, word: Option<&'static str>) {
        self.push(word);
    }

    pub(crate) fn time(&mut self, at: Millis) {
        self.push(at.0);
    }

    pub(crate) fn time_or_null(&mut self, at: Option<Millis>) {
        self.push(at.map(|at| at.0));
    }

    pub(crate) fn number(&mut self, number: impl Into<i64>) {
        self.push(number.into());
    }

    pub(crate) fn number_or_null(&mut self, number: Option<u16>) {
        self.push(number.map(i64::from));
    }
}
