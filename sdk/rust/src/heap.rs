//! The plugin's memory for its values: an ordinary call lives in a room of its own, where nothing is ever given back.
//!
//! A call has an instance of its own, and everything of it is dropped with it: to keep account of what is free would cost more than all
//! of it is worth. So values stand one behind the other in a first room. Only what does not fit there goes to Rust's own allocator, which
//! grows the sandbox; that is dear, for pages change what may be done with them, and every core of the machine is told.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use dlmalloc::{Allocator, Dlmalloc};

/// Bytes a plugin begins with: what a call about a few records needs, many times over.
const FIRST_BYTES: usize = 128 << 10;
/// Bytes by which a sandbox grows.
const PAGE_BYTES: usize = 64 << 10;

#[global_allocator]
static HEAP: Heap = Heap { used: Cell::new(0), behind: UnsafeCell::new(Dlmalloc::new_with_allocator(Ground)) };

/// All zeros, and alone: so the component need not hold it.
static FIRST: First = First(UnsafeCell::new([0; FIRST_BYTES]));

struct Heap {
    /// Bytes of the first room that are taken.
    used: Cell<usize>,
    /// For what the first room does not hold.
    behind: UnsafeCell<Dlmalloc<Ground>>,
}

#[repr(align(16))]
struct First(UnsafeCell<[u8; FIRST_BYTES]>);

// SAFETY: a plugin has one thread.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Sync for First {}

impl Heap {
    /// Where a value of the first room stands in it; none for one behind it.
    fn place(pointer: *mut u8) -> Option<usize> {
        pointer.addr().checked_sub(FIRST.0.get().addr()).filter(|place| *place < FIRST_BYTES)
    }

    /// The next free place of the first room.
    fn take(&self, layout: Layout) -> Option<*mut u8> {
        let base: *mut u8 = FIRST.0.get().cast();
        let start = (base.addr() + self.used.get()).checked_next_multiple_of(layout.align())? - base.addr();
        let end = start.checked_add(layout.size()).filter(|end| *end <= FIRST_BYTES)?;
        self.used.set(end);
        Some(base.wrapping_add(start))
    }
}

// SAFETY: what is handed out is handed out once: in the first room by `used`, behind it by the allocator, with one thread, so that nobody
// else holds either.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the trait's caller promises.
        self.take(layout).unwrap_or_else(|| unsafe { (*self.behind.get()).malloc(layout.size(), layout.align()) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match Self::place(pointer) {
            // The last one makes room for the next.
            Some(place) if place + layout.size() == self.used.get() => self.used.set(place),
            Some(_) => {}
            // SAFETY: as the trait's caller promises, and it was not taken from the first room.
            None => unsafe { (*self.behind.get()).free(pointer, layout.size(), layout.align()) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(place) = Self::place(pointer) else {
            // SAFETY: as above.
            return unsafe { (*self.behind.get()).realloc(pointer, layout.size(), layout.align(), size) };
        };
        if place + layout.size() == self.used.get() && size <= FIRST_BYTES - place {
            self.used.set(place + size);
            return pointer;
        }
        if size <= layout.size() {
            return pointer;
        }
        // SAFETY: the caller promises that a layout of this size is one.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the same, and both hold as many bytes as are copied.
        unsafe {
            let new = self.alloc(wanted);
            if !new.is_null() {
                ptr::copy_nonoverlapping(pointer, new, layout.size());
            }
            new
        }
    }
}

/// Where the allocator behind the first room gets its memory: what the sandbox grows by.
struct Ground;

// SAFETY: what the sandbox grows by is handed out once.
unsafe impl Allocator for Ground {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
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
