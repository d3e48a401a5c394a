//! Places: near a point, in a box.
//!
//! SQLite is compiled without trigonometry, so the sine is a polynomial in plain arithmetic: error below a millimetre
//! on earth, and the same on both databases.

use tenon_model::{FieldIx, Part};
use tenon_query::{ColumnRef, Param};

use super::bind::Mode;
use super::{Lower, Lowered, Scope};
use crate::db::Kind;

/// Mean radius of the earth in metres.
const EARTH: f64 = 6_371_008.8;
const RADIANS: &str = "0.017453292519943295";

/// sin(x) for |x| ≤ π by its series up to x^23, as an expression over `x` and its square `y`.
fn sine(x: &str, y: &str) -> String {
    let steps = [(22, 23), (20, 21), (18, 19), (16, 17), (14, 15), (12, 13), (10, 11), (8, 9), (6, 7), (4, 5), (2, 3)];
    let series = steps.into_iter().fold("1.0".to_owned(), |inner, (a, b)| format!("(1.0 - {y} / {}.0 * {inner})", a * b));
    format!("({x} * {series})")
}

impl<'m> Lower<'m> {
    fn corners(&self, scope: &Scope<'m>, field: FieldIx) -> Lowered<(String, String)> {
        Ok((self.column(scope, ColumnRef { field, part: Part::Lat })?.0, self.column(scope, ColumnRef { field, part: Part::Lng })?.0))
    }

    /// Haversine: sin²(Δlat/2) + cos(lat₁) cos(lat₂) sin²(Δlng/2) ≤ sin²(d/2R).
    pub(crate) fn near(&mut self, scope: &Scope<'m>, field: FieldIx, center: Param, meters: Param) -> Lowered<String> {
        let (lat, lng) = self.corners(scope, field)?;
        let center_lat = self.param(center, Kind::Float, Mode::Lat);
        let center_lng = self.param(center, Kind::Float, Mode::Lng);
        let meters = self.param(meters, Kind::Float, Mode::Plain);
        let half = format!("{RADIANS} / 2.0");
        // cos(φ) = sin(π/2 - φ); an angle of more than half way round the earth covers all of it.
        let angles = format!(
            "select ({lat} - {center_lat}) * {half} as p, ({lng} - {center_lng}) * {half} as q, (90.0 - {center_lat}) * {RADIANS} as c, \
             (90.0 - {lat}) * {RADIANS} as d, case when {meters} >= 3.14159265358979 * {EARTH} then 3.14159265358979 / 2.0 else {meters} / (2.0 * {EARTH}) end as r"
        );
        let (p, q, c, d, r) = (
            sine("v.p", "(v.p * v.p)"),
            sine("v.q", "(v.q * v.q)"),
            sine("v.c", "(v.c * v.c)"),
            sine("v.d", "(v.d * v.d)"),
            sine("v.r", "(v.r * v.r)"),
        );
        Ok(format!("{lat} is not null and (select {p} * {p} + {c} * {d} * {q} * {q} <= {r} * {r} from ({angles}) as v)"))
    }

    /// A box given by two corners; where west lies east of east, it crosses the date line.
    pub(crate) fn in_box(&mut self, scope: &Scope<'m>, field: FieldIx, south_west: Param, north_east: Param) -> Lowered<String> {
        let (lat, lng) = self.corners(scope, field)?;
        let (south, west) = (self.param(south_west, Kind::Float, Mode::Lat), self.param(south_west, Kind::Float, Mode::Lng));
        let (north, east) = (self.param(north_east, Kind::Float, Mode::Lat), self.param(north_east, Kind::Float, Mode::Lng));
        Ok(format!(
            "({lat} between {south} and {north} and case when {west} <= {east} then {lng} between {west} and {east} else {lng} >= {west} or {lng} <= {east} end)"
        ))
    }
}
