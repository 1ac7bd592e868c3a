//! Conversations: load the context of a finished call, apply the plan, in one transaction.
