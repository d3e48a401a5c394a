//! Tells the linker where the table of functions begins.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=--table-base=11000");
}
