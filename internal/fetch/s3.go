package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// defaultEndpoint is Amazon's.
const defaultEndpoint = "https://s3.amazonaws.com"

// openS3 begins to read an object. Requests are signed (AWS4-HMAC-SHA256) where there are credentials.
func (a Address) openS3(ctx context.Context, transport *http.Transport) (io.ReadCloser, int64, error) {
	object, err := url.Parse(a.URL)
	if err != nil {
		return nil, 0, err
	}
	endpoint := a.Endpoint
	lookup := minio.BucketLookupPath // what every compatible store understands
	if endpoint == "" {
		endpoint, lookup = defaultEndpoint, minio.BucketLookupAuto
	}
	server, err := url.Parse(endpoint)
	if err != nil {
		return nil, 0, err
	}
	c := a.Credentials
	signer := credentials.NewStaticV4(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	if c.AccessKeyID == "" {
		signer = credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	}
	client, err := minio.New(server.Host, &minio.Options{
		Creds: signer, Secure: server.Scheme == "https", Transport: transport, Region: a.Region, BucketLookup: lookup, MaxRetries: 2,
	})
	if err != nil {
		return nil, 0, errors.New("the address of the store cannot be used")
	}
	body, err := client.GetObject(ctx, object.Host, strings.TrimPrefix(object.Path, "/"), minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, s3Error(err)
	}
	info, err := body.Stat()
	if err != nil {
		body.Close()
		return nil, 0, s3Error(err)
	}
	return &transfer{body, transport}, info.Size, nil
}

// s3Error keeps the store's code: NoSuchKey, AccessDenied, SignatureDoesNotMatch.
func s3Error(err error) error {
	if code := minio.ToErrorResponse(err).Code; code != "" {
		return fmt.Errorf("the store answers %s", code)
	}
	return err
}
