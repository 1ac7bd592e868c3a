//! Keys of the API. Only the SHA-256 of a key is kept: a copy of the database lets nobody in. A key
//! that is revoked stays in the list.

use model::{Millis, UserId, text_enum};
use sqlx::sqlite::SqliteRow;

use crate::rows::Columns;
use crate::{Database, Error};

text_enum! {
    /// What a key may do.
    KeyScope {
        /// What concerns its own user.
        User = "user",
        /// Everything.
        Admin = "admin",
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Id.
    pub id: String,
    /// What it is for, in its maker's words.
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// Whose it is: of a user's key always, of an administrator's never.
    pub user: Option<UserId>,
    /// When it was made.
    pub created_at: Millis,
    /// When it was revoked; `None`: it is good.
    pub revoked_at: Option<Millis>,
}

impl Database {
    /// Keeps a new key; `sha256` is that of the key itself, in lower-case hex.
    ///
    /// # Errors
    /// [`Error::Constraint`] when the id or the hash is there already, or the user is not known;
    /// otherwise when the database cannot be written.
    pub async fn create_api_key(&self, key: &ApiKey, sha256: &str) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO api_key(id, name, sha256, scope, user_id, created_at, revoked_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(&key.id)
            .bind(&key.name)
            .bind(sha256)
            .bind(key.scope.as_str())
            .bind(key.user.as_ref().map(UserId::as_str))
            .bind(key.created_at.0)
            .bind(key.revoked_at.map(|at| at.0))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Every key, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, Error> {
        let sql = "SELECT * FROM api_key ORDER BY created_at, id";
        sqlx::query(sql).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// The key with this hash, good or revoked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_key_by_hash(&self, sha256: &str) -> Result<Option<ApiKey>, Error> {
        let sql = "SELECT * FROM api_key WHERE sha256 = ?";
        let row = sqlx::query(sql).bind(sha256).fetch_optional(self.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// From `at` on the key is good no longer. Returns `false` if there is no such key, or it was
    /// revoked before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_api_key(&self, id: &str, at: Millis) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
        let done = sqlx::query(sql).bind(at.0).bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

fn read(row: &SqliteRow) -> Result<ApiKey, Error> {
    let columns = Columns { table: "api_key", row };
    Ok(ApiKey {
        id: columns.text("id")?,
        name: columns.text("name")?,
        scope: columns.word("scope")?,
        user: columns.id_or_null("user_id")?,
        created_at: columns.time("created_at")?,
        revoked_at: columns.time_or_null("revoked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fresh;

    fn key(id: &str, user: Option<&str>) -> ApiKey {
        ApiKey {
            id: id.to_owned(),
            name: "desk".to_owned(),
            scope: if user.is_some() { KeyScope::User } else { KeyScope::Admin },
            user: user.map(Into::into),
            created_at: Millis(7),
            revoked_at: None,
        }
    }

    #[tokio::test]
    async fn a_key_is_found_by_its_hash_until_and_after_it_is_revoked() {
        let fresh = Fresh::new().await;
        let database = &fresh.database;
        let (ana, admin) = (key("k-1", Some("u-ana")), key("k-2", None));
        database.create_api_key(&ana, "aa").await.expect("a key");
        database.create_api_key(&admin, "bb").await.expect("a key");
        assert_eq!(database.api_keys().await.expect("keys"), [ana.clone(), admin]);
        assert_eq!(database.api_key_by_hash("aa").await.expect("a read"), Some(ana));
        assert_eq!(database.api_key_by_hash("a").await.expect("a read"), None);
        assert!(database.revoke_api_key("k-1", Millis(9)).await.expect("a write"));
        assert!(!database.revoke_api_key("k-1", Millis(10)).await.expect("a write"));
        let revoked = database.api_key_by_hash("aa").await.expect("a read").expect("the key");
        assert_eq!(revoked.revoked_at, Some(Millis(9)));
    }

    #[tokio::test]
    async fn neither_a_second_hash_nor_an_unknown_user_nor_a_user_s_key_of_nobody_is_kept() {
        let fresh = Fresh::new().await;
        let database = &fresh.database;
        database.create_api_key(&key("k-1", None), "aa").await.expect("a key");
        let nobody = ApiKey { scope: KeyScope::User, ..key("k-4", None) };
        for (refused, hash) in
            [(key("k-2", None), "aa"), (key("k-3", Some("u-nobody")), "cc"), (nobody, "dd")]
        {
            let done = database.create_api_key(&refused, hash).await;
            assert!(matches!(done, Err(Error::Constraint { .. })), "{done:?}");
        }
    }
}
