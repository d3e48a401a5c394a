//! Every diagnostic shows the mistake it is about: a code without a wrong example cannot be believed.

use super::findings::Findings;
use super::tree::Tree;

/// One file per code under `compiler/src/checks/`, and the mistake in its tests or under `tests/wrong-metadata/`.
pub(crate) fn examples(_tree: &Tree, _findings: &mut Findings) {}
