// Command sluice-bench is the peer written in Go: it copies a MySQL table into DynamoDB the way a careful Go
// programmer would. One goroutine streams the rows with go-sql-driver, N goroutines send batches of 25 with
// aws-sdk-go-v2 and send unprocessed items again. It prints {"rows":…,"seconds":…}.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	_ "github.com/go-sql-driver/mysql"
)

const (
	itemsPerBatch = 25
	maxAttempts   = 10
)

// A batch holds copies of the driver's buffers; nil is NULL.
type batch [][][]byte

type column struct {
	name     string
	number   bool
	datetime bool
}

func main() {
	dsn := flag.String("dsn", "", "MySQL data source name")
	table := flag.String("table", "orders", "table to read")
	into := flag.String("into", "orders", "DynamoDB table to write")
	endpoint := flag.String("endpoint", "", "DynamoDB endpoint")
	workers := flag.Int("workers", 16, "BatchWriteItem calls in flight")
	flag.Parse()

	started := time.Now()
	rows, err := copyTable(*dsn, *table, *into, newClient(*endpoint, *workers), *workers)
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	result := map[string]any{"rows": rows, "seconds": time.Since(started).Seconds()}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		os.Exit(1)
	}
}

func newClient(endpoint string, workers int) *dynamodb.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext:         dialer.DialContext,
		MaxIdleConns:        workers,
		MaxIdleConnsPerHost: workers,
		DisableCompression:  true,
	}
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		HTTPClient:   &http.Client{Transport: transport},
	})
}

func copyTable(dsn, table, into string, client *dynamodb.Client, workers int) (int64, error) {
	database, err := sql.Open("mysql", dsn)
	if err != nil {
		return 0, err
	}
	defer database.Close()
	rows, err := database.Query("SELECT * FROM `" + table + "`")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := describe(rows)
	if err != nil {
		return 0, err
	}

	batches := make(chan batch, 2*workers)
	var written atomic.Int64
	var firstError error
	var once sync.Once
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for one := range batches {
				if err := send(client, into, columns, one); err != nil {
					once.Do(func() { firstError = err; close(stop) })
					return
				}
				written.Add(int64(len(one)))
			}
		})
	}
	readError := read(rows, len(columns), batches, stop)
	close(batches)
	group.Wait()
	return written.Load(), errors.Join(firstError, readError)
}

func describe(rows *sql.Rows) ([]column, error) {
	columnTypes, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(columnTypes))
	for index, columnType := range columnTypes {
		kind := columnType.DatabaseTypeName()
		columns[index] = column{
			name:     columnType.Name(),
			number:   strings.HasSuffix(kind, "INT") || kind == "DECIMAL" || kind == "DOUBLE" || kind == "FLOAT",
			datetime: kind == "DATETIME" || kind == "TIMESTAMP",
		}
	}
	return columns, nil
}

func read(rows *sql.Rows, width int, batches chan<- batch, stop <-chan struct{}) error {
	raw := make([]sql.RawBytes, width)
	targets := make([]any, width)
	for index := range raw {
		targets[index] = &raw[index]
	}
	next := make(batch, 0, itemsPerBatch)
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		next = append(next, copyCells(raw))
		if len(next) == itemsPerBatch {
			select {
			case batches <- next:
			case <-stop:
				return nil
			}
			next = make(batch, 0, itemsPerBatch)
		}
	}
	if len(next) > 0 {
		select {
		case batches <- next:
		case <-stop:
		}
	}
	return rows.Err()
}

// copyCells copies a row out of the driver's buffer with one allocation for all its bytes.
func copyCells(raw []sql.RawBytes) [][]byte {
	size := 0
	for _, cell := range raw {
		size += len(cell)
	}
	all := make([]byte, 0, size)
	cells := make([][]byte, len(raw))
	for index, cell := range raw {
		if cell == nil {
			continue
		}
		start := len(all)
		all = append(all, cell...)
		cells[index] = all[start:len(all):len(all)]
	}
	return cells
}

func send(client *dynamodb.Client, table string, columns []column, rows batch) error {
	requests := make([]types.WriteRequest, len(rows))
	for index, row := range rows {
		requests[index] = types.WriteRequest{PutRequest: &types.PutRequest{Item: itemOf(columns, row)}}
	}
	pending := map[string][]types.WriteRequest{table: requests}
	for attempt := range maxAttempts {
		output, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: pending})
		if err != nil {
			return err
		}
		if len(output.UnprocessedItems) == 0 {
			return nil
		}
		pending = output.UnprocessedItems
		time.Sleep(time.Duration(50<<attempt) * time.Millisecond)
	}
	return errors.New("items stayed unprocessed")
}

func itemOf(columns []column, row [][]byte) map[string]types.AttributeValue {
	item := make(map[string]types.AttributeValue, len(columns))
	for index, cell := range row {
		column := columns[index]
		switch {
		case cell == nil:
			item[column.name] = &types.AttributeValueMemberNULL{Value: true}
		case column.number:
			item[column.name] = &types.AttributeValueMemberN{Value: string(cell)}
		case column.datetime:
			cell[10] = 'T'
			item[column.name] = &types.AttributeValueMemberS{Value: string(cell)}
		default:
			item[column.name] = &types.AttributeValueMemberS{Value: string(cell)}
		}
	}
	return item
}
