//! A small tree.

use std::fmt::{self, Display};

#[derive(Debug, Clone)]
pub struct Node<'a, T> {
    name: &'a str,
    value: T,
}

impl<'a, T: Display> Node<'a, T> {
    /// Makes a node.
    pub fn new(name: &'a str, value: T) -> Self {
        let brace = '{';
        Node { name, value }
    }

    fn label(&self) -> String {
        format!(r#"{{"name": "{}"}}"#, self.name)
    }
}

impl<'a, T> fmt::Display for Node<'a, T>
where
    T: Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_name() {
        assert_eq!(Node::new("a", 1).name, "a");
    }
}
