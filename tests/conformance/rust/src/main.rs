// The official Rust client of Chroma against `hanok serve`: every call that a server of one node answers, once.
//
// usage: hanok-conformance URL
use chroma::client::ChromaHttpClientOptions;
use chroma::types::{
    rrf, IncludeList, Key, Metadata, MetadataValue, QueryVector, RankExpr, ReadLevel, Schema, SearchPayload,
    SparseVector, SparseVectorIndexConfig, UpdateMetadata, Where,
};
use chroma::{ChromaCollection, ChromaHttpClient};

type Checked = Result<(), Box<dyn std::error::Error>>;

fn client(url: &str, tenant: Option<&str>, database: Option<&str>) -> ChromaHttpClient {
    ChromaHttpClient::new(ChromaHttpClientOptions {
        endpoint: url.parse().expect("a URL"),
        tenant_id: tenant.map(str::to_string),
        database_name: database.map(str::to_string),
        ..Default::default()
    })
}

fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|i| format!("r{i}")).collect()
}

/// Points on a line, so that the nearest of r3 are r3, r2 and r4.
fn vectors(numbers: std::ops::Range<usize>) -> Vec<Vec<f32>> {
    numbers.map(|i| vec![i as f32, 1.0, 0.0]).collect()
}

fn metadata(i: usize) -> Metadata {
    Metadata::from([
        ("n".to_string(), MetadataValue::Int(i as i64)),
        ("even".to_string(), MetadataValue::Bool(i % 2 == 0)),
        ("half".to_string(), MetadataValue::Float(i as f64 / 2.0)),
        (
            "tags".to_string(),
            MetadataValue::StringArray(vec!["all".to_string(), format!("t{}", i % 3)]),
        ),
    ])
}

async fn filled(client: &ChromaHttpClient, name: &str) -> Result<ChromaCollection, Box<dyn std::error::Error>> {
    let collection = client.create_collection(name, None, None).await?;
    collection
        .add(
            ids(0..10),
            vectors(0..10),
            Some((0..10).map(|i| Some(format!("document number {i}"))).collect()),
            Some((0..10).map(|i| Some(format!("file:///{i}"))).collect()),
            Some((0..10).map(|i| Some(metadata(i))).collect()),
        )
        .await?;
    Ok(collection)
}

async fn found(collection: &ChromaCollection, condition: Where) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut out = collection.get(None, Some(condition), None, None, None).await?.ids;
    out.sort();
    Ok(out)
}

async fn databases(url: &str) -> Checked {
    let c = client(url, None, None);
    assert!(c.heartbeat().await?.nanosecond_heartbeat > 0);
    let who = c.get_auth_identity().await?;
    assert_eq!(who.tenant, "default_tenant");
    let c = client(url, Some("default_tenant"), Some("default_database"));
    c.create_database("other").await?;
    assert!(c.list_databases().await?.iter().any(|d| d.name == "other"));
    let other = client(url, Some("default_tenant"), Some("other"));
    other.create_collection("there", None, None).await?;
    assert_eq!(other.count_collections().await?, 1);
    assert!(c.get_collection("there").await.is_err());
    other.delete_collection("there").await?;
    c.delete_database("other").await?;
    assert!(!c.list_databases().await?.iter().any(|d| d.name == "other"));
    Ok(())
}

async fn collections(c: &ChromaHttpClient) -> Checked {
    let about = Metadata::from([("why".to_string(), MetadataValue::Str("test".to_string()))]);
    let mut made = c.create_collection("one", None, Some(about.clone())).await?;
    assert_eq!(made.name(), "one");
    assert_eq!(made.metadata().as_ref(), Some(&about));
    assert!(c.create_collection("one", None, None).await.is_err());
    assert_eq!(c.get_or_create_collection("one", None, None).await?.id(), made.id());
    assert_eq!(c.get_collection("one").await?.id(), made.id());
    assert_eq!(c.get_collection_by_id(made.id().to_string()).await?.name(), "one");
    assert!(c.get_collection("none").await.is_err());
    c.create_collection("two", Some(Schema::default()), None).await?;
    assert_eq!(c.count_collections().await?, 2);
    let listed: Vec<String> = c
        .list_collections(10, None)
        .await?
        .iter()
        .map(|x| x.name().to_string())
        .collect();
    assert_eq!(listed, ["one", "two"]);
    assert_eq!(c.list_collections(1, Some(1)).await?[0].name(), "two");
    let fresh = Metadata::from([("n".to_string(), MetadataValue::Int(1))]);
    made.modify(Some("renamed"), Some(fresh.clone())).await?;
    assert_eq!(c.get_collection("renamed").await?.metadata().as_ref(), Some(&fresh));
    for name in ["renamed", "two"] {
        c.delete_collection(name).await?;
    }
    assert_eq!(c.count_collections().await?, 0);
    Ok(())
}

async fn records(c: &ChromaHttpClient) -> Checked {
    let r = filled(c, "records").await?;
    assert_eq!(r.count().await?, 10);
    assert_eq!(r.count_with_options(ReadLevel::IndexOnly).await?, 10);
    let got = r
        .get(Some(ids(2..4)), None, None, None, Some(IncludeList::all()))
        .await?;
    assert_eq!(got.ids, ids(2..4));
    assert_eq!(got.embeddings.as_ref().unwrap(), &vectors(2..4));
    assert_eq!(got.documents.as_ref().unwrap()[0].as_deref(), Some("document number 2"));
    assert_eq!(got.uris.as_ref().unwrap()[1].as_deref(), Some("file:///3"));
    assert_eq!(got.metadatas.as_ref().unwrap()[0].as_ref(), Some(&metadata(2)));
    assert_eq!(r.get(None, None, Some(3), Some(4), None).await?.ids, ids(4..7));

    assert_eq!(found(&r, Key::field("n").gte(8)).await?, ids(8..10));
    assert_eq!(
        found(&r, Key::field("n").lt(8) & Key::field("half").gt(2.9)).await?,
        ids(6..8)
    );
    assert_eq!(
        found(&r, Key::field("n").is_in([1, 2]) | Key::field("n").eq(5)).await?,
        ["r1", "r2", "r5"]
    );
    assert_eq!(
        found(&r, Key::field("even").ne(true)).await?,
        ["r1", "r3", "r5", "r7", "r9"]
    );
    assert_eq!(
        found(&r, Key::field("n").not_in([0, 1, 2, 3, 4, 5, 6, 7])).await?,
        ids(8..10)
    );
    assert_eq!(
        found(&r, Key::field("tags").contains_value("t0")).await?,
        ["r0", "r3", "r6", "r9"]
    );
    assert_eq!(found(&r, Key::Document.contains("number 7")).await?, ["r7"]);
    assert_eq!(found(&r, Key::Document.regex("number [12]$")).await?, ids(1..3));
    assert_eq!(found(&r, Key::Document.not_regex("number [0-7]$")).await?, ids(8..10));

    let near = r.query(vectors(3..5), Some(3), None, None, None).await?;
    assert_eq!(near.ids[0][0], "r3");
    assert_eq!(near.ids[1][0], "r4");
    assert_eq!(near.distances.as_ref().unwrap()[0][0], Some(0.0));
    assert_eq!(near.distances.as_ref().unwrap()[0][1], Some(1.0));
    let few = r
        .query(
            vectors(3..4),
            Some(2),
            Some(Key::field("even").eq(true)),
            None,
            Some(IncludeList::all()),
        )
        .await?;
    assert_eq!(few.ids[0].len(), 2);
    assert!(few.ids[0].contains(&"r2".to_string()) && few.ids[0].contains(&"r4".to_string()));
    assert_eq!(few.embeddings.as_ref().unwrap()[0][0].as_ref().unwrap().len(), 3);
    assert_eq!(
        r.query(vectors(3..4), Some(5), None, Some(ids(7..9)), None).await?.ids[0],
        ids(7..9)
    );

    let change = UpdateMetadata::from([("n".to_string(), 100.into()), ("half".to_string(), 7.5.into())]);
    r.update(
        ids(1..2),
        Some(vec![Some(vec![50.0, 1.0, 0.0])]),
        Some(vec![Some("changed".into())]),
        None,
        Some(vec![Some(change)]),
    )
    .await?;
    assert_eq!(found(&r, Key::field("n").eq(100)).await?, ["r1"]);
    assert_eq!(
        r.query(vec![vec![50.0, 1.0, 0.0]], Some(1), None, None, None)
            .await?
            .ids[0],
        ["r1"]
    );
    r.upsert(ids(9..12), vectors(9..12), None, None, None).await?;
    assert_eq!(r.count().await?, 12);
    assert_eq!(r.delete(Some(ids(0..2)), None, None).await?.deleted, 2);
    assert_eq!(r.delete(None, Some(Key::field("n").eq(5)), None).await?.deleted, 1);
    assert_eq!(r.count().await?, 9);
    let status = r.get_indexing_status().await?;
    assert!(status.op_indexing_progress >= 0.0 && status.op_indexing_progress <= 1.0);

    let fork = r.fork("fork").await?;
    fork.delete(Some(ids(3..4)), None, None).await?;
    assert_eq!((fork.count().await?, r.count().await?), (8, 9));
    assert_eq!(r.fork_count().await?, 1);
    assert!(r.add(ids(20..21), vec![vec![1.0]], None, None, None).await.is_err());
    c.delete_collection("fork").await?;
    c.delete_collection("records").await?;
    Ok(())
}

fn knn(query: QueryVector, key: Key, return_rank: bool) -> RankExpr {
    RankExpr::Knn {
        query,
        key,
        limit: 10,
        default: None,
        return_rank,
    }
}

async fn search(c: &ChromaHttpClient) -> Checked {
    let schema = Schema::default().create_index(
        Some("words"),
        SparseVectorIndexConfig {
            embedding_function: None,
            source_key: None,
            bm25: Some(false),
            algorithm: Default::default(),
        }
        .into(),
    )?;
    let r = c.create_collection("searched", Some(schema), None).await?;
    let sparse = |i: usize| SparseVector::new(vec![i as u32, 50], vec![1.0, 0.1]);
    let mut about: Vec<Option<Metadata>> = vec![];
    for i in 0..10 {
        let mut m = metadata(i);
        m.insert("words".to_string(), sparse(i)?.into());
        about.push(Some(m));
    }
    r.add(
        ids(0..10),
        vectors(0..10),
        Some((0..10).map(|i| Some(format!("document number {i}"))).collect()),
        None,
        Some(about),
    )
    .await?;
    let dense = |rank| knn(QueryVector::Dense(vec![3.0, 1.0, 0.0]), Key::Embedding, rank);
    let words = |rank| {
        knn(
            QueryVector::Sparse(sparse(5).expect("a sparse vector")),
            Key::field("words"),
            rank,
        )
    };
    let answers = r
        .search(vec![
            SearchPayload::default().rank(dense(false)).limit(Some(3), 0).select([
                Key::Document,
                Key::Score,
                Key::Embedding,
                Key::Metadata,
            ]),
            SearchPayload::default()
                .rank(words(false))
                .limit(Some(1), 0)
                .select([Key::Score]),
            SearchPayload::default()
                .rank(rrf(vec![dense(true), words(true)], None, None, false)?)
                .limit(Some(2), 0),
            SearchPayload::default()
                .r#where(Key::field("n").gt(6))
                .limit(Some(10), 1),
            SearchPayload::default()
                .rank(dense(false) * 0.5 + 1.0)
                .limit(Some(1), 0)
                .select([Key::Score]),
        ])
        .await?;
    assert_eq!(answers.ids[0][0], "r3");
    assert_eq!(
        answers.documents[0].as_ref().unwrap()[0].as_deref(),
        Some("document number 3")
    );
    assert_eq!(answers.scores[0].as_ref().unwrap()[0], Some(0.0));
    assert_eq!(
        answers.metadatas[0].as_ref().unwrap()[0].as_ref().unwrap()["n"],
        MetadataValue::Int(3)
    );
    assert_eq!(answers.ids[1], ["r5"]);
    assert!(answers.ids[2].contains(&"r3".to_string()) || answers.ids[2].contains(&"r5".to_string()));
    assert_eq!(answers.ids[3], ["r8", "r9"]);
    assert_eq!(answers.scores[4].as_ref().unwrap()[0], Some(1.0));
    let again = r
        .search_with_options(
            vec![SearchPayload::default().rank(dense(false)).limit(Some(1), 0)],
            ReadLevel::IndexOnly,
        )
        .await?;
    assert_eq!(again.ids[0], ["r3"]);
    c.delete_collection("searched").await?;
    Ok(())
}

/// A server of one node refuses attached functions, with an error that the client reads.
async fn functions(c: &ChromaHttpClient) -> Checked {
    let r = filled(c, "functions").await?;
    assert!(r.attach_function("record_counter", "mine", "out", None).await.is_err());
    assert!(r.get_attached_function("mine").await.is_err());
    assert!(r.detach_function("mine", false).await.is_err());
    c.delete_collection("functions").await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Checked {
    let url = std::env::args().nth(1).expect("the server's URL");
    let c = client(&url, Some("default_tenant"), Some("default_database"));
    databases(&url).await?;
    println!("databases");
    collections(&c).await?;
    println!("collections");
    records(&c).await?;
    println!("records");
    search(&c).await?;
    println!("search");
    functions(&c).await?;
    println!("functions");
    Ok(())
}
