//! The plugin's memory for its values: it begins with room of its own, so that an ordinary call asks the host for none.
//!
//! To grow a sandbox is dear: pages change what may be done with them, and every core of the machine is told, twice per call.
//! Rust's own allocator grows before its first byte, for it knows no other room. This is the same allocator, with a room to begin in.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use dlmalloc::{Allocator, Dlmalloc};

/// Bytes a plugin begins with: what a call about a few records needs, many times over.
const FIRST_BYTES: usize = 128 << 10;
/// Bytes by which a sandbox grows.
const PAGE_BYTES: usize = 64 << 10;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Ground { taken: Cell::new(false) })));

static FIRST: First = First(UnsafeCell::new([0; FIRST_BYTES]));

#[repr(align(16))]
struct First(UnsafeCell<[u8; FIRST_BYTES]>);

struct Heap(UnsafeCell<Dlmalloc<Ground>>);

/// Where the allocator gets its memory: the first room once, and then what the sandbox grows by.
struct Ground {
    taken: Cell<bool>,
}

// SAFETY: a plugin has one thread.
unsafe impl Sync for First {}
// SAFETY: as above.
unsafe impl Sync for Heap {}

// SAFETY: what is handed out is handed out once: the first room by `taken`, grown memory by the sandbox.
unsafe impl Allocator for Ground {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if size <= FIRST_BYTES && !self.taken.replace(true) {
            return (FIRST.0.get().cast(), FIRST_BYTES, 0);
        }
        let pages = size.div_ceil(PAGE_BYTES);
        let before = core::arch::wasm32::memory_grow(0, pages);
        // The last page of all addresses is left out: no pointer may stand behind it.
        match before.checked_add(pages).and_then(|end| end.checked_mul(PAGE_BYTES)) {
            Some(_) => (ptr::without_provenance_mut(before * PAGE_BYTES), pages * PAGE_BYTES, 0),
            None => (ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

// SAFETY: what the allocator promises, with one thread, so that nobody else holds it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the trait's caller promises.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the trait's caller promises.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the trait's caller promises.
        unsafe { (*self.0.get()).free(pointer, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the trait's caller promises.
        unsafe { (*self.0.get()).realloc(pointer, layout.size(), layout.align(), size) }
    }
}
