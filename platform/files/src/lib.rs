//! What a file is: its type told from its bytes, its name made harmless, its thumbnail, links that open it for an hour.
//!
//! Floor 5, beside the store: the only crate that reads formats of pictures (`image`) and signatures of types (`infer`).
//! Called by the doors (`http`) and by `graphql`, which writes links into answers. Invariants: it keeps nothing and knows
//! no tenant's data; bytes of strangers make it refuse, never panic, never take more memory than its limits say.

mod kind;
mod limits;
mod links;
mod name;
mod thumbnail;

pub use kind::{Lie, is_drawn, is_shown_inline, tell};
pub use limits::{LINK_MAX, LINK_USUAL, NAME_LETTERS_MAX, THUMBNAIL_BYTES_MAX, THUMBNAIL_MEMORY_MAX, THUMBNAIL_SIDE_MAX, WIDTHS};
pub use links::{Links, Opens};
pub use name::{clean, disposition};
pub use thumbnail::{Thumbnail, Undrawable, draw, width};
