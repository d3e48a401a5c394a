//! Explore.
use crate::house::{House, databases};
use serde_json::json;

#[tokio::test]
async fn explore() {
    for database in databases() {
        let house = House::new(database).await;
        let sdl = String::from_utf8(house.api.sdl(&house.cx().await).to_vec()).unwrap();
        std::fs::write("/tmp/gq/schema.graphql", &sdl).unwrap();
        for query in std::fs::read_to_string("/tmp/gq/queries.txt").unwrap().split("\n---\n") {
            println!(">> {query}\n{}\n", house.ask(query).await);
        }
        let _ = json!(1);
    }
}
