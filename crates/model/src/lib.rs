//! The nouns of the domain: ids, directory, time, call graph.
