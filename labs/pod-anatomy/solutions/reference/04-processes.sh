podlab answer apart a
kubectl exec pair -c app -- ps
kubectl exec pair -c helper -- ps
cat > open.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: open
spec:
  shareProcessNamespace: true
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
  - name: helper
    image: podlab.dev/toolbox:v1
    args: ["sleep", "infinity"]
END
kubectl apply -f open.yaml
kubectl wait --for=condition=Ready pod/open --timeout=60s
kubectl exec open -c helper -- ps
kubectl exec open -c helper -- sh -c 'kill $(ps | grep serve | grep -v grep | tr -s " " | cut -d " " -f 2)'
kubectl get pod open
