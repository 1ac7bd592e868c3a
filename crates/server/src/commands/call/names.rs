//! Ids and numbers as people call them, by the directory.

use std::collections::BTreeMap;

use model::call_graph::CallGraph;
use model::call_graph::graph::CallParticipant;
use model::directory::Directory;

/// Names by id, by number and by SIP user name.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Those of a directory, and of the records that the parties of a call have.
    pub(super) fn new(directory: &Directory, graph: &CallGraph) -> Self {
        let mut names = BTreeMap::new();
        for user in directory.users() {
            names.insert(user.id.to_string(), user.display_name.to_string());
            names.insert(user.sip_username.to_string(), user.display_name.to_string());
        }
        for group in directory.groups() {
            names.insert(group.id.to_string(), group.name.to_string());
        }
        for row in &graph.participants {
            let record = row.phone_number.as_ref().and_then(|it| directory.record_of(it));
            if let (Some(number), Some(record)) = (&row.phone_number, record)
                && row.user_id.is_none()
            {
                names.insert(number.to_string(), record.display_name.to_string());
            }
        }
        Self(names)
    }

    /// The name of an id, a number or `u:<user>`; itself where it has none.
    pub(super) fn of(&self, text: &str) -> String {
        let id = text.strip_prefix("u:").unwrap_or(text);
        self.0.get(id).cloned().unwrap_or_else(|| match text.strip_prefix("a:") {
            Some(_) => "a withheld number".to_owned(),
            None => id.to_owned(),
        })
    }

    /// A participant.
    pub(super) fn participant(&self, row: &CallParticipant) -> String {
        match (&row.user_id, &row.phone_number) {
            (Some(user), _) => self.of(user.as_str()),
            (None, Some(number)) => self.of(number.as_str()),
            (None, None) => "a withheld number".to_owned(),
        }
    }

    /// Whose leg it is: that of a Connection; `None`: the caller's.
    pub(super) fn leg(&self, graph: &CallGraph, connection: Option<&str>) -> String {
        let Some(id) = connection else {
            return graph
                .participants
                .first()
                .map_or_else(String::new, |row| self.participant(row));
        };
        let row = graph.connections.iter().find(|row| &*row.id == id);
        row.and_then(|row| {
            let user = row.answered_user_id.as_ref().or(row.target_user_id.as_ref());
            let named = user.map(|user| user.as_str());
            named.or(row.target_number.as_deref()).map(|name| self.of(name))
        })
        .unwrap_or_else(|| id.to_owned())
    }
}
