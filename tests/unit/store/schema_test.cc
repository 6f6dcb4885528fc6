#include "server/store/schema.h"

#include <fcntl.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "tests/unit/store/samples.h"

namespace eida::store {
namespace {

using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Db> Open() {
    Result<std::unique_ptr<Db>> db = Db::Open(path_, Db::Mode::kReadWrite);
    EXPECT_TRUE(db.ok()) << db.status().ToString();
    return std::move(db).value();
  }
  // Overwrites the pages of a table's tree so that it cannot be read; everything else stays as it
  // is.
  void Damage(const std::string& table) {
    int64_t page = 0;
    {
      const std::unique_ptr<Db> db = Open();
      Query root(*db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", table);
      ASSERT_TRUE(root.Next());
      page = root.Int(0);
    }
    const int fd = open(path_.c_str(), O_RDWR);
    const std::string junk(200, '\x5a');
    ASSERT_EQ(pwrite(fd, junk.data(), junk.size(), (page - 1) * 4096), 200);
    close(fd);
  }

  TempDir temp_;
  const std::string path_ = DatabasePath(temp_.path());
};

TEST_F(SchemaTest, MigrationsRunOnceInOrderAndKeepWhatIsThere) {
  std::vector<Migration> migrations = {
      {1, "001_a", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);"}};
  const std::unique_ptr<Db> db = Open();
  ASSERT_OK(Migrate(*db, migrations));
  migrations.push_back({2, "002_b", "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 8;"});
  ASSERT_OK(Migrate(*db, migrations));
  ASSERT_OK(Migrate(*db, migrations));
  Query row(*db, "SELECT x, y FROM a");
  ASSERT_TRUE(row.Next());
  EXPECT_EQ(row.Int(0), 7);
  EXPECT_EQ(row.Int(1), 8);
  EXPECT_FALSE(row.Next());
  EXPECT_EQ(*SchemaVersion(*db), 2);
}

TEST_F(SchemaTest, AMigrationThatFailsLeavesTheOldSchema) {
  const std::unique_ptr<Db> db = Open();
  const Status status = Migrate(
      *db, {{1, "001_a", "CREATE TABLE a (x INTEGER) STRICT;"},
            {2, "002_bad", "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"}});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Message(status), HasSubstr("002_bad"));
  EXPECT_EQ(*SchemaVersion(*db), 1);
  EXPECT_FALSE(db->raw().tableExists("b"));
}

TEST_F(SchemaTest, TheEmbeddedMigrationsHaveNoGaps) {
  const std::unique_ptr<Db> db = Open();
  ASSERT_FALSE(Migrations().empty());
  ASSERT_OK(Migrate(*db));
  EXPECT_EQ(*SchemaVersion(*db), static_cast<int>(Migrations().size()));
  EXPECT_EQ(Migrate(*db, {{2, "002_gap", ""}}).code(), absl::StatusCode::kInternal);
}

TEST_F(SchemaTest, TheOneSlotOfAnOlderAttemptBecomesAListOfOne) {
  const std::unique_ptr<Db> db = Open();
  const std::vector<Migration> all = Migrations();
  ASSERT_OK(Migrate(*db, {all.begin(), all.begin() + 2}));
  db->Execute("PRAGMA foreign_keys = OFF");
  db->Execute(
      "INSERT INTO attempts (job, attempt, lease, worker, slot, opened, closed, outcome, message)"
      " VALUES (1, 1, 5, 'w1', 0, 10, 20, 'succeeded', ''), (2, 1, 6, 'w1', 3, 10, NULL, '', '')");
  ASSERT_OK(Migrate(*db));
  Query rows(*db, "SELECT slots FROM attempts ORDER BY job");
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0), "[0]");
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0), "[3]");
  EXPECT_FALSE(
      Query(*db, "SELECT 1 FROM pragma_table_info('attempts') WHERE name = 'slot'").Next());
}

TEST_F(SchemaTest, JobsOfAnOlderSchemaNeedAllTheirParentsAndStayWhole) {
  const std::unique_ptr<Db> db = Open();
  const std::vector<Migration> all = Migrations();
  ASSERT_OK(Migrate(*db, {all.begin(), all.begin() + 3}));
  db->Execute("PRAGMA foreign_keys = OFF");
  db->Execute(
      "INSERT INTO jobs (id, sweep, kind, name, spec, fingerprint, inputs, bundle_key, cost, slots,"
      " state, attempt, failures, free_failures, error, error_message, summary, worker, created,"
      " ready_at, started, finished, retry_at)"
      " VALUES (1, 1, 5, 'm', '', 'f', 1, '', 1, 1, 6, 1, 0, 0, 1, '', '', 'w', 0, 0, 0, 0, 0)");
  ASSERT_OK(Migrate(*db));
  Query rows(*db, "SELECT quorum, lacking FROM jobs");
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Int(0), 0);
  EXPECT_EQ(rows.Int(1), 0);
  EXPECT_ANY_THROW(db->Execute("UPDATE jobs SET state = 1"));
}

// Jobs 1 to 4: a path, a soup that waits, a soup that was skipped, a matrix.
TEST_F(SchemaTest, PathsThatSoupsOfAnOlderSchemaReadBecomeShortcutsUnlessTheyWereSkipped) {
  const std::unique_ptr<Db> db = Open();
  const std::vector<Migration> all = Migrations();
  ASSERT_OK(Migrate(*db, {all.begin(), all.begin() + 4}));
  db->Execute("PRAGMA foreign_keys = OFF");
  for (const auto& [id, kind, state] : {std::tuple(1, JobKind::kPath, JobState::kFailed),
                                        {2, JobKind::kSoup, JobState::kBlocked},
                                        {3, JobKind::kSoup, JobState::kSkipped},
                                        {4, JobKind::kMatrix, JobState::kBlocked}}) {
    Query(*db,
          "INSERT INTO jobs (id, sweep, kind, name, spec, fingerprint, inputs, bundle_key, cost,"
          " slots, state, attempt, failures, free_failures, error, error_message, summary, worker,"
          " created, ready_at, started, finished, retry_at)"
          " VALUES (?, 1, ?, ?, '', 'f', 1, '', 1, 1, ?, 0, 0, 0, 1, '', '', '', 0, 0, 0, 0, 0)",
          id, kind, std::to_string(id), state)
        .Run();
  }
  db->Execute(
      "INSERT INTO edges (job, position, role, parent, artifact) VALUES"
      " (2, 0, 'member/0', 1, 'weights'), (2, 1, 'path/0/1', 1, 'curve'),"
      " (3, 0, 'path/0/1', 1, 'curve'), (4, 0, 'pair/0/1', 1, 'curve')");
  ASSERT_OK(Migrate(*db));
  std::vector<int64_t> shortcuts;
  for (Query rows(*db, "SELECT shortcut FROM edges ORDER BY job, position"); rows.Next();)
    shortcuts.push_back(rows.Int(0));
  EXPECT_EQ(shortcuts, (std::vector<int64_t>{0, 1, 0, 0}));
}

TEST_F(SchemaTest, ANewerSchemaIsRefusedByWriterAndReader) {
  {
    const std::unique_ptr<Db> db = Open();
    ASSERT_OK(Migrate(*db));
    db->Execute("PRAGMA user_version = 999");
  }
  for (const Status& status :
       {Store::Open({temp_.path(), nullptr}).status(), Reader::Open(temp_.path()).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(status), HasSubstr("has schema 999, this program knows"));
  }
}

TEST_F(SchemaTest, AnotherProgramsDatabaseIsLeftAlone) {
  {
    const std::unique_ptr<Db> db = Open();
    db->Execute("CREATE TABLE theirs (x)");
  }
  const Status status = Store::Open({temp_.path(), nullptr}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("another program"));
  EXPECT_FALSE(Open()->raw().tableExists("jobs"));
}

TEST_F(SchemaTest, AFileThatIsNoDatabaseIsDataLossNamingIt) {
  ASSERT_OK(WriteFileAtomic(path_, std::string(8192, 'x')));
  const Status status = Store::Open({temp_.path(), nullptr}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status.ToString();
  EXPECT_THAT(Message(status), HasSubstr("eida.db"));
}

TEST_F(SchemaTest, DamageIsFoundAfterAnUncleanShutdownAndNamesTheTable) {
  ASSERT_OK(OpenStore(temp_.path())->Apply({SampleStudy(3, 3)}));
  Damage("attempts");
  // A write-ahead log that is not empty is what a crash leaves behind.
  ASSERT_OK(WriteFileAtomic(path_ + "-wal", std::string(32, '\0')));
  const Status status = Store::Open({temp_.path(), nullptr}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status.ToString();
  EXPECT_THAT(Message(status), HasSubstr("damaged in table attempts"));
}

TEST_F(SchemaTest, AReaderWithoutADatabaseSaysWhatIsMissing) {
  const Status status = Reader::Open(temp_.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr(path_));
}

}  // namespace
}  // namespace eida::store
