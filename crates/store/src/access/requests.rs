//! Orders that may come twice (`Idempotency-Key`): who asks first carries the order out, whoever
//! asks again with the same words gets the same answer. That is decided in one transaction, so two
//! that come at once are told apart.

use model::Millis;

use crate::rows::Columns;
use crate::{Database, Error};

/// What is known of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Nothing: it is to be carried out, and then answered or released.
    New,
    /// It is being carried out.
    Running,
    /// It was answered.
    Done {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The same key came with another order.
    Mismatch,
}

impl Database {
    /// Takes an order on, unless it is there already.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn reserve_request(
        &self,
        api_key: &str,
        key: &str,
        request_sha256: &str,
        now: Millis,
    ) -> Result<Reserved, Error> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO idempotency(api_key_id, key, request_sha256, created_at) \
                   VALUES (?, ?, ?, ?) ON CONFLICT(api_key_id, key) DO NOTHING";
        let insert = sqlx::query(sql).bind(api_key).bind(key).bind(request_sha256).bind(now.0);
        let new = insert.execute(&mut *transaction).await?.rows_affected() > 0;
        if new {
            transaction.commit().await?;
            return Ok(Reserved::New);
        }
        let sql = "SELECT * FROM idempotency WHERE api_key_id = ? AND key = ?";
        let row = sqlx::query(sql).bind(api_key).bind(key).fetch_one(&mut *transaction).await?;
        let columns = Columns { table: "idempotency", row: &row };
        if columns.text("request_sha256")? != request_sha256 {
            return Ok(Reserved::Mismatch);
        }
        let body = columns.text_or_null("body")?;
        Ok(match columns.number_or_null("status")? {
            None => Reserved::Running,
            Some(status) => {
                Reserved::Done { status, body: body.map_or(String::new(), |body| body.to_string()) }
            }
        })
    }

    /// The order was carried out, or refused, with this answer.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn answer_request(
        &self,
        api_key: &str,
        key: &str,
        status: u16,
        body: &str,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE idempotency SET status = ?, body = ? WHERE api_key_id = ? AND key = ?";
        let update = sqlx::query(sql).bind(status).bind(body).bind(api_key).bind(key);
        update.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The order was not carried out: it may come again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn release_request(&self, api_key: &str, key: &str) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM idempotency WHERE api_key_id = ? AND key = ? AND status IS NULL";
        sqlx::query(sql).bind(api_key).bind(key).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Lets orders go that came before `before`. Returns how many went.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_requests(&self, before: Millis) -> Result<u64, Error> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM idempotency WHERE created_at < ?";
        let done = sqlx::query(sql).bind(before.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// Lets orders go that were never answered: at a start, because the calls that they were about
    /// ended with the server that had them. Returns how many went.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_unanswered_requests(&self) -> Result<u64, Error> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM idempotency WHERE status IS NULL";
        let done = sqlx::query(sql).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fresh;

    async fn ask(database: &Database, words: &str) -> Reserved {
        database.reserve_request("k-1", "once", words, Millis(1_000)).await.expect("a write")
    }

    #[tokio::test]
    async fn an_order_is_carried_out_once_and_answered_alike() {
        let fresh = Fresh::new().await;
        let database = &fresh.database;
        assert_eq!(ask(database, "aa").await, Reserved::New);
        assert_eq!(ask(database, "aa").await, Reserved::Running);
        assert_eq!(ask(database, "bb").await, Reserved::Mismatch);
        database.answer_request("k-1", "once", 201, "{}").await.expect("a write");
        let done = Reserved::Done { status: 201, body: "{}".to_owned() };
        assert_eq!(ask(database, "aa").await, done);
        let other = database.reserve_request("k-2", "once", "aa", Millis(1_000)).await;
        assert_eq!(other.expect("a write"), Reserved::New, "a key is its holder's");
        database.release_request("k-1", "once").await.expect("a write");
        assert_eq!(ask(database, "aa").await, done, "what was answered is not released");
    }

    #[tokio::test]
    async fn what_was_not_carried_out_may_come_again_and_what_is_old_goes() {
        let fresh = Fresh::new().await;
        let database = &fresh.database;
        assert_eq!(ask(database, "aa").await, Reserved::New);
        database.release_request("k-1", "once").await.expect("a write");
        assert_eq!(ask(database, "aa").await, Reserved::New);
        assert_eq!(database.forget_requests(Millis(1_000)).await.expect("a write"), 0);
        assert_eq!(database.forget_requests(Millis(1_001)).await.expect("a write"), 1);
        assert_eq!(ask(database, "aa").await, Reserved::New);
        assert_eq!(database.forget_unanswered_requests().await.expect("a write"), 1);
    }

    #[tokio::test]
    async fn of_two_that_come_at_once_one_carries_it_out() {
        let fresh = Fresh::new().await;
        let asked = (0..8).map(|_| {
            let database = fresh.database.clone();
            tokio::spawn(async move { ask(&database, "aa").await })
        });
        let mut new = 0;
        for answer in asked.collect::<Vec<_>>() {
            new += usize::from(answer.await.expect("an answer") == Reserved::New);
        }
        assert_eq!(new, 1);
    }
}
