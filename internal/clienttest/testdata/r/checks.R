# DBI over RPostgreSQL: data frames, tables and columns, fetching in pieces, errors in transactions.
suppressMessages(library(DBI))
failed <- 0

check <- function(name, code) {
  tryCatch({
    force(code)
    cat("ok", name, "\n")
  }, error = function(e) {
    failed <<- failed + 1
    cat("not ok", name, ":", conditionMessage(e), "\n")
  })
}

equal <- function(got, want) {
  if (!isTRUE(all.equal(got, want))) stop(paste("got", paste(deparse(got), collapse = ""), "want", paste(deparse(want), collapse = "")))
}

refused <- function(db, sql) {
  answer <- suppressWarnings(try(dbSendQuery(db, sql), silent = TRUE))
  if (!inherits(answer, "try-error")) stop(paste("not refused:", sql))
}

# libpq reads host, port and TLS from its variables.
open <- function() dbConnect(RPostgreSQL::PostgreSQL(), user = Sys.getenv("PGUSER"), password = Sys.getenv("PGPASSWORD"),
  host = Sys.getenv("PGHOST"), port = as.integer(Sys.getenv("PGPORT")), dbname = Sys.getenv("PGDATABASE"))

db <- open()
check("tables", {
  equal(sort(intersect(dbListTables(db), c("cities", "kinds", "numbers", "persons", "visits"))), c("cities", "kinds", "numbers", "persons", "visits"))
  equal(dbExistsTable(db, "persons"), TRUE)
  equal(dbExistsTable(db, "nobody"), FALSE)
  equal(dbListFields(db, "persons"), c("person_id", "sex", "age", "income", "city", "born"))
})
check("all types", {
  rows <- dbGetQuery(db, "SELECT * FROM kinds ORDER BY id")
  equal(dim(rows), c(3L, 33L))
  equal(rows$t_int4[1], 123456L)
  equal(rows$t_bool, c(TRUE, NA, FALSE))
  equal(rows$t_text[1], "text \"x\" \u00e4\u20ac\U0001f600")
})
check("a public table", {
  rows <- dbReadTable(db, "cities")
  equal(dim(rows), c(5L, 3L))
})
check("a private answer", {
  rows <- dbGetQuery(db, "SELECT sex, count(*) AS n, avg(age) AS mean FROM persons GROUP BY sex ORDER BY sex")
  equal(rows$sex, c("f", "m"))
  if (any(rows$n < 800 | rows$n > 1200)) stop(rows$n)
})
check("parameters", equal(dbGetQuery(db, "SELECT word FROM numbers WHERE n = $1", 7)$word, "word 7"))
check("in pieces", {
  answer <- dbSendQuery(db, "SELECT n FROM numbers ORDER BY n")
  equal(fetch(answer, n = 10)$n, 1:10)
  equal(nrow(fetch(answer, n = -1)), 9990L)
  dbClearResult(answer)
})
check("columns", {
  answer <- dbSendQuery(db, "SELECT * FROM persons WHERE 0 = 1")
  equal(dbColumnInfo(answer)$name, c("person_id", "sex", "age", "income", "city", "born"))
  equal(nrow(fetch(answer, n = -1)), 0L)
  dbClearResult(answer)
})
check("an error in the middle of a transaction", {
  dbBegin(db)
  refused(db, "SELECT nothing FROM persons")
  refused(db, "SELECT 1")
  dbRollback(db)
  equal(dbGetQuery(db, "SELECT 5 AS five")$five, 5L)
  refused(db, "SELECT * FROM persons")
})
check("connected again", {
  dbDisconnect(db)
  db <- open()
  equal(dbGetQuery(db, "SHOW transaction_read_only")[[1]], "on")
  dbDisconnect(db)
})
quit(status = if (failed > 0) 1 else 0)
