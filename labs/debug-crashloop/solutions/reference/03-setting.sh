kubectl get pod shop
kubectl logs shop
kubectl exec shop -- env
kubectl debug shop --copy-to=shop-debug --container=app -- sleep 600
kubectl wait --for=condition=Ready pod/shop-debug --timeout=60s
kubectl exec shop-debug -- env
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args: ["echo connecting to ${DB_HOST:?is not set}; exec serve"]
    env:
    - name: DB_HOST
      value: db
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl get pod shop
kubectl logs shop
