package tap

import "context"

type key struct{}

func with(ctx context.Context, q Request) context.Context { return context.WithValue(ctx, key{}, q) }

func from(ctx context.Context) (Request, bool) {
	q, ok := ctx.Value(key{}).(Request)
	return q, ok
}
