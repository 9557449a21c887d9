kubectl run db --image=podlab.dev/toolbox:v1
kubectl expose pod db --port=80 --target-port=8080
cat > api.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: api
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
END
kubectl delete pod api --now
kubectl apply -f api.yaml
