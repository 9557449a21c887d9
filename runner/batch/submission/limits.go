package submission

// The bounds of a submission. The largest answer to a built-in lab is some twenty
// objects in 15 KiB.
const (
	// maxFile is bytes of a file, maxTotal of all of them, unpacked. Both are counted
	// while reading, so that what an archive says about itself does not matter.
	maxFile  = 1 << 20
	maxTotal = 4 << 20
	maxFiles = 200
	// maxName is bytes of a file's name with its folders: twice the width of a
	// terminal, which it must be told in. maxDepth is folders in folders.
	maxName  = 200
	maxDepth = 10

	// maxArchive is bytes of an archive as it lies there. The table of contents of a
	// zip is read before anything else, at some four times its size in memory.
	maxArchive = 8 << 20
	// maxStream is bytes that are unpacked of a compressed tar to get at its files: a
	// tar cannot be skipped in without unpacking it.
	maxStream = 32 << 20
	// maxEntries is files and folders that are looked at, most of them to be
	// ignored: a .git, for example.
	maxEntries = 10_000

	// maxDocument is bytes of an object. kubectl apply takes no larger one either,
	// because the object must fit into an annotation. What a parser needs for it is
	// about a hundred times as much.
	maxDocument = 256 << 10
	// maxAliased is bytes of a document with its aliases written out. Without aliases
	// it is estimated to be no more than three times the text.
	maxAliased = 4 * maxDocument
	// maxWritten is bytes of all objects as JSON, which the cluster is to store.
	maxWritten = maxTotal
	maxObjects = 100
	// maxDocuments is all that is between --- and ---: half of them may be comments.
	maxDocuments = 2 * maxObjects
	// maxNesting is maps and lists within each other; a CronJob's Pod with a
	// projected volume needs 14.
	maxNesting = 40
	// maxAnswer is bytes of an answer to a question.
	maxAnswer = 4 << 10

	// maxReplicas is Pods that one object may ask for. A lab needs three.
	maxReplicas = 20
	// maxContainers is containers of a Pod, of every sort.
	maxContainers = 20
	// maxGrace is seconds that a Pod may take to end, which the namespace's end waits
	// for.
	maxGrace = 120
	// maxStorage is bytes that a claim may ask for.
	maxStorage = 1 << 30

	// maxRefusals is how many are told, maxText the bytes of what is cited in one.
	maxRefusals = 40
	maxText     = 120
)
