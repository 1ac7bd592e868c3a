//! Calls whose rows have moved (D34): what the graph no longer has goes, and what is numbered anew
//! is written anew, in the transaction that writes the rest. A call that is over is left alone, and
//! so is what the API may change of a participant.

use model::call_graph::CallGraph;
use sqlx::sqlite::SqliteConnection;

use crate::Error;

/// Removes what is not to stay; the rows of the graph are written afterwards.
pub(super) async fn clear(
    connection: &mut SqliteConnection,
    graphs: &[&CallGraph],
) -> Result<(), Error> {
    for graph in graphs {
        if !is_over(connection, graph).await? {
            numbered(connection, graph).await?;
            named(connection, graph).await?;
        }
    }
    Ok(())
}

async fn is_over(connection: &mut SqliteConnection, graph: &CallGraph) -> Result<bool, Error> {
    let sql = "SELECT state IN ('finished','absorbed') FROM call WHERE id = ?";
    let over: Option<bool> =
        sqlx::query_scalar(sql).bind(graph.call.id.as_str()).fetch_optional(connection).await?;
    Ok(over.unwrap_or(false))
}

/// Rows that have a number in the order of time.
async fn numbered(connection: &mut SqliteConnection, graph: &CallGraph) -> Result<(), Error> {
    for sql in [
        "DELETE FROM call_interaction WHERE call_id = ?",
        "DELETE FROM routing_decision WHERE call_id = ?",
        "DELETE FROM queue_wait WHERE call_id = ?",
    ] {
        sqlx::query(sql).bind(graph.call.id.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Rows that have an id; children before their parents.
async fn named(connection: &mut SqliteConnection, graph: &CallGraph) -> Result<(), Error> {
    let quality = graph.quality_events.iter().map(|row| &*row.id);
    let attempts = graph.attempts.iter().map(|row| &*row.id);
    let participants = graph.participants.iter().map(|row| &*row.id);
    let connections = graph.connections.iter().map(|row| &*row.id);
    let stay = [
        ("DELETE FROM quality_event WHERE call_id = ? AND id NOT IN ", json(quality)),
        ("DELETE FROM connection_attempt WHERE call_id = ? AND id NOT IN ", json(attempts)),
        ("DELETE FROM call_participant WHERE call_id = ? AND id NOT IN ", json(participants)),
        ("DELETE FROM connection WHERE call_id = ? AND id NOT IN ", json(connections)),
    ];
    for (delete, stay) in stay {
        let sql = sqlx::AssertSqlSafe(format!("{delete}(SELECT value FROM json_each(?))"));
        let query = sqlx::query(sql).bind(graph.call.id.as_str()).bind(stay);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn json<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    serde_json::Value::from(ids.collect::<Vec<_>>()).to_string()
}
