module hutch/tests/oracle/cel/dump

go 1.25.0

require (
	cel.dev/expr v0.24.0
	google.golang.org/protobuf v1.36.11
)

require google.golang.org/genproto/googleapis/rpc v0.0.0-20240826202546-f6391c0de4c7 // indirect
