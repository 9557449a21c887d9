kubectl apply -f rowan.yaml
podlab answer which-taint {{params.team}}
cat > rowan.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: rowan
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
  tolerations:
  - key: {{params.team}}
    value: only
    effect: NoSchedule
END
kubectl delete pod rowan --now
kubectl apply -f rowan.yaml
podlab answer permits a
